//! The encodings that kubectl reads: UTF-8, and UTF-16 with a byte order mark.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    #[default]
    Utf8,
    /// UTF-16, the lower byte first.
    Utf16Le,
    /// UTF-16, the higher byte first.
    Utf16Be,
}

impl Encoding {
    /// The text that the bytes stand for, its byte order mark included; `None` where they are no text.
    pub(super) fn decode(bytes: Vec<u8>) -> Option<(String, Self)> {
        let (encoding, unit): (_, fn([u8; 2]) -> u16) = match bytes.get(..2) {
            Some([0xff, 0xfe]) => (Self::Utf16Le, u16::from_le_bytes),
            Some([0xfe, 0xff]) => (Self::Utf16Be, u16::from_be_bytes),
            _ => return Some((String::from_utf8(bytes).ok()?, Self::Utf8)),
        };
        let (units, []) = bytes.as_chunks::<2>() else { return None };
        let text: Result<String, _> = char::decode_utf16(units.iter().copied().map(unit)).collect();
        Some((text.ok()?, encoding))
    }

    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decoded_is_encoded_again() {
        let text = "\u{feff}value: é😀\r\n";
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be] {
            let bytes = encoding.encode(text);
            assert_eq!(Encoding::decode(bytes), Some((text.to_owned(), encoding)));
        }
        assert_eq!(Encoding::decode(b"\xff\xfea\0b".to_vec()), None, "half a unit");
        assert_eq!(Encoding::decode(b"\xff\xfe\x00\xd8".to_vec()), None, "half a pair");
        assert_eq!(Encoding::decode(b"caf\xe9".to_vec()), None, "Latin-1");
    }
}
