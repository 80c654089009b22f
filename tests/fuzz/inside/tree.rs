//! A second reader of JSON: recursive descent over bytes, with the order and the duplicates of keys kept.

/// More would overflow the stack of this reader, not of the code that is fuzzed.
const DEEPEST: usize = 400;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    String(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Syntax,
    TooDeep,
}

type Read<T> = Result<T, Failure>;

impl Tree {
    /// Reads one value and nothing after it. What is half a surrogate pair becomes U+FFFD, as in Go.
    pub(super) fn read(text: &str) -> Read<Self> {
        let mut reader = Reader { bytes: text.as_bytes(), at: 0, text };
        let tree = reader.value(0)?;
        reader.blank();
        if reader.at == text.len() { Ok(tree) } else { Err(Failure::Syntax) }
    }

    /// The value of a key that is there exactly once.
    pub(super) fn only(&self, key: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        let mut found = members.iter().filter(|(name, _)| name == key);
        let only = found.next();
        if found.next().is_some() { None } else { only.map(|(_, value)| value) }
    }

    /// Whether any object has a key twice.
    pub(super) fn has_duplicates(&self) -> bool {
        match self {
            Self::Array(items) => items.iter().any(Self::has_duplicates),
            Self::Object(members) => {
                let mut keys: Vec<_> = members.iter().map(|(key, _)| key).collect();
                keys.sort_unstable();
                keys.windows(2).any(|pair| pair[0] == pair[1])
                    || members.iter().any(|(_, value)| value.has_duplicates())
            }
            _ => false,
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, word: &str) -> Read<()> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(Failure::Syntax)
        }
    }

    fn value(&mut self, depth: usize) -> Read<Tree> {
        if depth > DEEPEST {
            return Err(Failure::TooDeep);
        }
        self.blank();
        match self.peek() {
            Some(b'n') => self.take("null").map(|()| Tree::Null),
            Some(b't') => self.take("true").map(|()| Tree::Bool(true)),
            Some(b'f') => self.take("false").map(|()| Tree::Bool(false)),
            Some(b'"') => self.string().map(Tree::String),
            Some(b'[') => self.array(depth),
            Some(b'{') => self.object(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(Failure::Syntax),
        }
    }

    fn array(&mut self, depth: usize) -> Read<Tree> {
        self.at += 1;
        let mut items = Vec::new();
        self.blank();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Tree::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break self.at += 1,
                _ => return Err(Failure::Syntax),
            }
        }
        Ok(Tree::Array(items))
    }

    fn object(&mut self, depth: usize) -> Read<Tree> {
        self.at += 1;
        let mut members = Vec::new();
        self.blank();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Tree::Object(members));
        }
        loop {
            self.blank();
            if self.peek() != Some(b'"') {
                return Err(Failure::Syntax);
            }
            let key = self.string()?;
            self.blank();
            self.take(":")?;
            members.push((key, self.value(depth + 1)?));
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break self.at += 1,
                _ => return Err(Failure::Syntax),
            }
        }
        Ok(Tree::Object(members))
    }

    fn digits(&mut self) -> Read<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(Failure::Syntax) } else { Ok(()) }
    }

    fn number(&mut self) -> Read<Tree> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Tree::Number(self.text[start..self.at].to_owned()))
    }

    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let char = self.text[self.at..].chars().next().ok_or(Failure::Syntax)?;
            self.at += char.len_utf8();
            match char {
                '"' => return Ok(string),
                '\0'..='\u{1f}' => return Err(Failure::Syntax),
                '\\' => self.escape(&mut string)?,
                _ => string.push(char),
            }
        }
    }

    fn escape(&mut self, string: &mut String) -> Read<()> {
        let escaped = self.peek().ok_or(Failure::Syntax)?;
        self.at += 1;
        string.push(match escaped {
            b'"' | b'\\' | b'/' => char::from(escaped),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex(self.at)?;
                self.at += 4;
                match unit {
                    0xd800..=0xdbff => {
                        let next =
                            if self.text[self.at..].starts_with("\\u") { self.hex(self.at + 2).ok() } else { None };
                        match next {
                            Some(low @ 0xdc00..=0xdfff) => {
                                self.at += 6;
                                char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)).unwrap()
                            }
                            _ => '\u{fffd}',
                        }
                    }
                    _ => char::from_u32(unit).unwrap_or('\u{fffd}'),
                }
            }
            _ => return Err(Failure::Syntax),
        });
        Ok(())
    }

    fn hex(&self, at: usize) -> Read<u32> {
        let digits = self.bytes.get(at..at + 4).ok_or(Failure::Syntax)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(Failure::Syntax);
        }
        u32::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).map_err(|_| Failure::Syntax)
    }
}
