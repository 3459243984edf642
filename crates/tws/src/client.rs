//! The client's side, as far as tests and load generators need it.
//!
//! Requests are encoded by [`crate::Inbound::encode`], replies are split by
//! [`crate::FrameReader::for_client`] and [`crate::Frame::fields`].

use crate::frame::write_frame;

/// Appends `API\0` and the version range; `options` follow after a space unless they are empty.
pub fn write_greeting(min: u16, max: u16, options: &str, out: &mut Vec<u8>) {
    let space = if options.is_empty() { "" } else { " " };
    out.extend_from_slice(b"API\0");
    write_frame(out, |out| {
        out.extend_from_slice(format!("v{min}..{max}{space}{options}").as_bytes());
    });
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::{FrameReader, Hello};

    #[test]
    fn greeting_comes_out_of_the_reader_as_it_was_written() {
        for (options, range) in
            [("", "v157..178"), ("token=a +PACEAPI", "v157..178 token=a +PACEAPI")]
        {
            let mut wire = Vec::new();
            write_greeting(157, 178, options, &mut wire);
            let mut reader = FrameReader::new();
            reader.push(&wire);
            let frame = reader.next_frame().unwrap().unwrap();
            assert_eq!(frame.0, range.as_bytes());
            assert_eq!(Hello::parse(frame.0).unwrap().options, options);
        }
    }
}
