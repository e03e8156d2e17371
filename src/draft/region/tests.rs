//! Whose text is whose: rows of changes, and what must hold after any.

use proptest::prelude::*;
use ropey::Rope;

use super::*;
use crate::text::diff;
use crate::text::edit::apply_all;

/// `<` and `>` in `document` bound the region.
fn fixture(document: &str) -> (Rope, Region) {
    let (before, rest) = document.split_once('<').unwrap();
    let (base, after) = rest.split_once('>').unwrap();
    (Rope::from_str(&format!("{before}{base}{after}")), Region::new(before.len(), base))
}

fn shown(rope: &Rope, region: &Region) -> String {
    let mut text = rope.to_string();
    let range = region.range();
    assert_eq!(text[range.clone()], region.text(), "the region tells what stands in the document");
    text.insert(range.end, '>');
    text.insert(range.start, '<');
    text
}

#[test]
fn user_changes_move_and_fill_the_region() {
    for (document, edit, expected, touch) in [
        ("a<bc>d", Edit::new(0..0, "xx"), "xxa<bc>d", Touch::Outside),
        ("a<bc>d", Edit::new(1..1, "x"), "a<xbc>d", Touch::Inside),
        ("a<bc>d", Edit::new(3..3, "x"), "a<bcx>d", Touch::Inside),
        ("a<bc>d", Edit::new(0..1, "x"), "x<bc>d", Touch::Outside),
        ("a<bc>d", Edit::new(3..4, "x"), "a<bc>x", Touch::Outside),
        ("a<bc>d", Edit::new(0..2, "x"), "x<c>d", Touch::Inside),
        ("a<bc>d", Edit::new(2..4, "x"), "a<bx>", Touch::Inside),
        ("a<bc>d", Edit::new(0..4, "x"), "x<>", Touch::Gone),
        ("a<>d", Edit::new(1..1, "x"), "a<x>d", Touch::Inside),
    ] {
        let (mut rope, mut region) = fixture(document);
        assert_eq!(region.changed(&edit), touch, "{document} {edit:?}");
        edit.apply(&mut rope);
        assert_eq!(shown(&rope, &region), expected, "{document} {edit:?}");
    }
}

#[test]
fn the_users_text_is_never_taken() {
    for (document, user, target, policy, expected) in [
        // A whole line goes in above the line that the user types in.
        (
            "<\n    pass>",
            Edit::new(9..9, "x"),
            "\n    a = 1\n    pass",
            Policy::Hold,
            "<\n    a = 1\n    passx>",
        ),
        // What would delete the line around the user's text is held.
        ("<one\ntwo\nthree>", Edit::new(5..5, "X"), "three", Policy::Hold, "<one\ntXwo\nthree>"),
        // Going back, it is split around it.
        ("<one\ntwo\nthree>", Edit::new(5..5, "X"), "three", Policy::Split, "<Xthree>"),
        ("<abcdef>", Edit::new(2..4, "X"), "", Policy::Split, "<X>"),
        ("<abcdef>", Edit::new(2..4, ""), "", Policy::Split, "<>"),
        ("<abcdef>", Edit::new(2..4, "X"), "abc!f", Policy::Split, "<abX!f>"),
        // Lines stay lines where both put something in the same place.
        ("<>", Edit::new(0..0, "# mine"), "\nours", Policy::Hold, "<# mine\nours>"),
        ("<>", Edit::new(0..0, "# mine"), "ours\n", Policy::Hold, "<ours\n# mine>"),
    ] {
        let (mut rope, mut region) = fixture(document);
        region.changed(&user);
        user.apply(&mut rope);
        let step = region.step(&diff::edits(region.ours(), target), policy);
        apply_all(&mut rope, &step.edits);
        assert_eq!(shown(&rope, &step.next), expected, "{document} {user:?} {target:?}");
    }
}

proptest! {
    /// Whatever the order of the user's and our changes: the region tells what stands in the document, what stands
    /// outside is the user's, and every character that the user typed (here: capitals) is still there.
    #[test]
    fn the_region_and_the_document_agree(
        base in "[a-c\n]{0,12}",
        moves in proptest::collection::vec((any::<bool>(), 0usize..40, 0usize..6, "[A-Z\n]{0,4}", "[a-c\n]{0,14}"), 0..12),
        split in any::<bool>(),
    ) {
        let mut rope = Rope::from_str(&format!("((({base})))"));
        let mut region = Region::new(3, base.clone());
        let mut typed = Vec::new();
        for (ours, at, len, text, target) in moves {
            if ours {
                let policy = if split { Policy::Split } else { Policy::Hold };
                let step = region.step(&diff::edits(region.ours(), &target), policy);
                for pair in step.edits.windows(2) {
                    prop_assert!(pair[0].range.end <= pair[1].range.start, "sorted and disjoint: {:?}", step.edits);
                }
                apply_all(&mut rope, &step.edits);
                region = step.next;
                if split {
                    prop_assert_eq!(region.ours(), target.as_str());
                }
            } else {
                let from = at.min(rope.len_bytes());
                let to = (from + len).min(rope.len_bytes());
                let taken = rope.byte_slice(from..to).to_string();
                let edit = Edit::new(from..to, text.clone());
                region.changed(&edit);
                edit.apply(&mut rope);
                typed.extend(text.chars().filter(char::is_ascii_uppercase));
                for ch in taken.chars().filter(char::is_ascii_uppercase) {
                    let place = typed.iter().position(|&other| other == ch);
                    prop_assert!(place.is_some());
                    typed.remove(place.unwrap());
                }
            }
            prop_assert_eq!(rope.byte_slice(region.range()).to_string(), region.text());
            let mut left: Vec<char> = rope.chars().filter(char::is_ascii_uppercase).collect();
            left.sort_unstable();
            typed.sort_unstable();
            prop_assert_eq!(&left, &typed);
        }
    }
}
