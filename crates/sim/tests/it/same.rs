//! What makes a seed worth keeping: it does the same again.

use floorpass_sim::run;

#[test]
fn same_seed_gives_the_same_commands_and_the_same_journal() {
    let (one, other) = (run(5, 60), run(6, 60));
    assert_eq!(one.fault, None);
    assert_eq!(one, run(5, 60), "every byte of the journal, and every word that anybody was told");
    assert!(one.journal != other.journal && one.told != other.told);
}
