//! One list of fields for both directions.

use crate::field::{Field, FieldFault, Put, Reader, put_count};

/// Reads or writes fields in their order, so that each message has one list of them.
pub(crate) trait Codec {
    /// The next field.
    fn field<T: Field>(&mut self, name: &'static str, value: &mut T) -> Result<(), FieldFault>;

    /// A number that is 0 when it is unset.
    fn or_zero(&mut self, name: &'static str, value: &mut i32) -> Result<(), FieldFault> {
        let mut number = Some(*value);
        self.field(name, &mut number)?;
        *value = number.unwrap_or(0);
        Ok(())
    }

    /// A field that has no meaning any more: read and forgotten, or written as `text`.
    fn constant(&mut self, name: &'static str, text: &str) -> Result<(), FieldFault>;

    /// Whether nothing is left to read; false when writing.
    fn at_end(&self) -> bool;

    /// A count, then as many elements.
    fn list<T: Default>(
        &mut self,
        name: &'static str,
        most: usize,
        list: &mut Vec<T>,
        each: fn(&mut Self, &mut T) -> Result<(), FieldFault>,
    ) -> Result<(), FieldFault>;
}

impl Codec for Reader<'_> {
    /// An empty field leaves the value as it is: a request that is read begins with its defaults,
    /// and nine of ten fields of an order are empty.
    #[inline]
    fn field<T: Field>(&mut self, name: &'static str, value: &mut T) -> Result<(), FieldFault> {
        if T::MAY_BE_EMPTY && self.take_empty() {
            return Ok(());
        }
        *value = T::read(self, name)?;
        Ok(())
    }

    fn constant(&mut self, name: &'static str, _: &str) -> Result<(), FieldFault> {
        self.raw(name).map(drop)
    }

    fn at_end(&self) -> bool {
        self.fields_left() == 0
    }

    fn list<T: Default>(
        &mut self,
        name: &'static str,
        most: usize,
        list: &mut Vec<T>,
        each: fn(&mut Self, &mut T) -> Result<(), FieldFault>,
    ) -> Result<(), FieldFault> {
        *list = Reader::list(self, name, most, |reader| {
            let mut element = T::default();
            each(reader, &mut element)?;
            Ok(element)
        })?;
        Ok(())
    }
}

/// The writing side of [`Codec`].
pub(crate) struct Writer<'a> {
    pub(crate) out: &'a mut Vec<u8>,
}

impl Codec for Writer<'_> {
    fn field<T: Field>(&mut self, _: &'static str, value: &mut T) -> Result<(), FieldFault> {
        value.put(self.out);
        Ok(())
    }

    fn constant(&mut self, _: &'static str, text: &str) -> Result<(), FieldFault> {
        text.put(self.out);
        Ok(())
    }

    fn at_end(&self) -> bool {
        false
    }

    fn list<T: Default>(
        &mut self,
        _: &'static str,
        _: usize,
        list: &mut Vec<T>,
        each: fn(&mut Self, &mut T) -> Result<(), FieldFault>,
    ) -> Result<(), FieldFault> {
        put_count(list.len(), self.out);
        list.iter_mut().try_for_each(|element| each(self, element))
    }
}
