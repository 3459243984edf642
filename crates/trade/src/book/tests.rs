//! The book against the naive one, and its edges.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::naive;
use crate::random::next;

/// Both books, told the same.
#[derive(Default)]
struct Pair {
    book: Book,
    naive: naive::NaiveBook,
    handles: Vec<(u64, Handle)>,
    next: u64,
}

impl Pair {
    fn place(&mut self, side: Side, price: i64, quantity: u64, owner: u32, rests: bool) {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        let available = self.book.available(side, price, quantity, owner);
        assert_eq!(available, self.naive.available(side, price, quantity, owner));
        let taken = self.book.take(side, price, quantity, owner, |fill| one.push(fill));
        let expected = self.naive.take(side, price, quantity, owner, |fill| other.push(fill));
        assert_eq!((taken, &one), (expected, &other));
        assert_eq!(available, quantity - taken.remaining, "what was said to be available was got");
        for fill in one.iter().filter(|fill| fill.done) {
            self.handles.retain(|(key, _)| *key != fill.key);
        }
        self.next += 1;
        if rests && taken.own.is_none() && taken.remaining > 0 {
            let handle = self.book.insert(side, price, taken.remaining, self.next, owner);
            self.naive.insert(side, price, taken.remaining, self.next, owner);
            self.handles.push((self.next, handle));
        }
    }

    fn cancel(&mut self, at: usize) {
        if self.handles.is_empty() {
            return;
        }
        let (key, handle) = self.handles.swap_remove(at % self.handles.len());
        assert_eq!(self.book.cancel(handle), self.naive.cancel(key));
    }

    fn reduce(&mut self, at: usize, quantity: u64) {
        if let Some((key, handle)) = self.handles.get(at % self.handles.len().max(1)) {
            assert_eq!(self.book.reduce(*handle, quantity), self.naive.reduce(*key, quantity));
        }
    }

    fn check(&self) {
        assert_eq!(self.book.len(), self.handles.len());
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(
                self.book.depth(side, usize::MAX).collect::<Vec<_>>(),
                self.naive.depth(side)
            );
        }
    }

    /// One message drawn from a word: prices near a middle that wanders by `drift`.
    fn message(&mut self, word: u64, middle: i64, spread: u64) {
        let side = if word & 1 == 0 { Side::Buy } else { Side::Sell };
        let offset =
            i64::try_from((word >> 8) % spread).unwrap() - i64::try_from(spread / 2).unwrap();
        let quantity = 1 + (word >> 40) % 50;
        let owner = u32::try_from((word >> 48) % 4).unwrap();
        let at = usize::try_from(word >> 20).unwrap();
        match (word >> 1) % 16 {
            0..=5 => self.cancel(at),
            6 => self.reduce(at, quantity),
            7 => self.place(side, middle + offset, quantity, owner, false),
            _ => self.place(side, middle + offset, quantity, owner, true),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn book_and_naive_book_agree(
        words in prop::collection::vec(any::<u64>(), 1..400),
        spread in prop::sample::select(vec![3_u64, 20, 500, 6_000, 200_000]),
        start in prop::sample::select(vec![1_000_000_i64, 12_000, 100_000_000, 2]),
    ) {
        let mut pair = Pair::default();
        for (step, word) in (0_i64..).zip(words) {
            // The market runs away, so that the window must follow it.
            pair.message(word, start + step * 40, spread);
            pair.check();
        }
    }

    #[test]
    fn book_read_back_goes_on_the_same(
        words in prop::collection::vec(any::<u64>(), 2..200),
        cut in 1_usize..100,
    ) {
        let mut pair = Pair::default();
        for (at, word) in words.into_iter().enumerate() {
            if at == cut {
                let bytes = postcard::to_stdvec(&pair.book).unwrap();
                pair.book = postcard::from_bytes(&bytes).unwrap();
                prop_assert_eq!(postcard::to_stdvec(&pair.book).unwrap(), bytes);
            }
            pair.message(word, 5_000, 300);
            pair.check();
        }
    }
}

#[test]
fn long_stream_has_the_same_trades() {
    let mut pair = Pair::default();
    let mut stream = 42;
    for step in 0..60_000 {
        pair.message(next(&mut stream), 10_000 + step / 10, 60);
    }
    pair.check();
    assert!(pair.book.len() < 60_000 && pair.next > 10_000);
}

#[test]
fn order_of_the_same_owner_stops_the_incoming_one() {
    let mut book = Book::default();
    book.insert(Side::Sell, 100, 5, 1, 2);
    book.insert(Side::Sell, 100, 5, 2, 1);
    book.insert(Side::Sell, 101, 5, 3, 2);
    assert_eq!(book.available(Side::Buy, 101, 15, 1), 5);
    let mut fills = Vec::new();
    let taken = book.take(Side::Buy, 101, 15, 1, |fill| fills.push(fill.key));
    assert_eq!((taken, fills), (Taken { remaining: 10, own: Some(2) }, vec![1]));
    let taken = book.take(Side::Buy, 101, 15, HOUSE, |_| {});
    assert_eq!(taken, Taken { remaining: 5, own: None });
    assert!(book.is_empty());
}

#[test]
fn price_far_from_the_market_is_kept_and_found() {
    let mut book = Book::default();
    let near = book.insert(Side::Buy, 10_000, 1, 1, 1);
    book.insert(Side::Buy, 1, 2, 2, 1);
    book.insert(Side::Sell, 90_000_000, 3, 3, 1);
    assert_eq!(book.depth(Side::Buy, 9).collect::<Vec<_>>(), [(10_000, 1), (1, 2)]);
    assert_eq!(book.cancel(near), Some(1));
    assert_eq!(book.cancel(near), None, "a void handle");
    assert_eq!((book.best_bid(), book.best_ask()), (Some(1), Some(90_000_000)));
    let mut filled = 0;
    book.take(Side::Sell, 1, 2, 2, |fill| filled += fill.quantity);
    assert_eq!((filled, book.best_bid()), (2, None));
}

#[test]
fn smaller_order_keeps_its_place() {
    let mut book = Book::default();
    let first = book.insert(Side::Buy, 100, 10, 1, 1);
    book.insert(Side::Buy, 100, 10, 2, 1);
    assert_eq!(book.reduce(first, 4), Some(()));
    assert_eq!(book.reduce(first, 4), None, "not smaller");
    assert_eq!(book.reduce(first, 0), None);
    let mut keys = Vec::new();
    book.take(Side::Sell, 100, 6, 2, |fill| keys.push((fill.key, fill.quantity)));
    assert_eq!(keys, [(1, 4), (2, 2)]);
}

#[test]
fn damaged_links_are_refused() {
    let mut book = Book::default();
    book.insert(Side::Buy, 100, 10, 1, 1);
    book.insert(Side::Buy, 100, 10, 2, 1);
    let mut nodes = book.nodes.clone();
    assert!(Book::rebuild(0, nodes.clone(), NIL).is_some());
    nodes[1].next = 0;
    assert!(Book::rebuild(0, nodes, NIL).is_none(), "a ring");
}
