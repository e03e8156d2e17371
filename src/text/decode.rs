//! The bytes of a file as text.

/// The text, or why there is none (a clause that begins with a verb, for a message about the file).
///
/// # Errors
/// When the bytes are not UTF-8, or those of a binary file.
pub fn decode(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.contains(&0) {
        return Err("is a binary file".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        format!("is not UTF-8 (at byte {}); convert it first", error.utf8_error().valid_up_to())
    })
}
