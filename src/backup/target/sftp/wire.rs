//! The bytes of SFTP, version 3 (draft-ietf-secsh-filexfer-02), as far as backups need them, and OpenSSH's extensions
//! (its `PROTOCOL` file, section 4).
//!
//! A packet is its length (4 bytes), its type (1) and its body; numbers are big-endian, a text is its length (4) and its bytes.
//! Nothing that a server sends is believed further than its bounds.

/// The longest packet that is taken: OpenSSH's own limit.
pub const LONGEST: u32 = 256 << 10;

/// The version that both sides speak.
pub const VERSION: u32 = 3;

/// Types of packets.
pub mod kind {
    pub const INIT: u8 = 1;
    pub const VERSION: u8 = 2;
    pub const OPEN: u8 = 3;
    pub const CLOSE: u8 = 4;
    pub const READ: u8 = 5;
    pub const WRITE: u8 = 6;
    pub const LSTAT: u8 = 7;
    pub const FSTAT: u8 = 8;
    pub const OPENDIR: u8 = 11;
    pub const READDIR: u8 = 12;
    pub const REMOVE: u8 = 13;
    pub const MKDIR: u8 = 14;
    pub const STAT: u8 = 17;
    pub const RENAME: u8 = 18;
    pub const EXTENDED: u8 = 200;
    pub const STATUS: u8 = 101;
    pub const HANDLE: u8 = 102;
    pub const DATA: u8 = 103;
    pub const NAME: u8 = 104;
    pub const ATTRS: u8 = 105;
    pub const EXTENDED_REPLY: u8 = 201;
}

/// How a file is opened.
pub mod flag {
    pub const READ: u32 = 1;
    pub const WRITE: u32 = 2;
    pub const CREATE: u32 = 8;
    pub const EXCLUSIVE: u32 = 0x20;
}

/// What a status says.
pub mod status {
    pub const OK: u32 = 0;
    pub const EOF: u32 = 1;
    pub const NO_SUCH_FILE: u32 = 2;
    pub const PERMISSION_DENIED: u32 = 3;
}

/// A packet that is being made: type, and body behind the request's id, which the session puts in.
#[derive(Debug, Clone)]
pub struct Packet {
    pub kind: u8,
    pub body: Vec<u8>,
}

impl Packet {
    pub fn new(kind: u8) -> Self {
        Self { kind, body: Vec::new() }
    }

    /// An extension of OpenSSH's.
    pub fn extended(name: &str) -> Self {
        Self::new(kind::EXTENDED).text(name.as_bytes())
    }

    pub fn number(mut self, number: u32) -> Self {
        self.body.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub fn long(mut self, number: u64) -> Self {
        self.body.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub fn text(mut self, text: &[u8]) -> Self {
        self.body.extend_from_slice(&(text.len() as u32).to_be_bytes());
        self.body.extend_from_slice(text);
        self
    }

    /// Attributes that say nothing but who may do what.
    pub fn mode(self, mode: u32) -> Self {
        self.number(4).number(mode)
    }

    /// As it is sent.
    pub fn bytes(&self, id: u32) -> Vec<u8> {
        let len = (self.body.len() + 5) as u32;
        [&len.to_be_bytes()[..], &[self.kind], &id.to_be_bytes(), &self.body].concat()
    }
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Status { code: u32, message: String },
    Handle(Vec<u8>),
    Data(Vec<u8>),
    Names(Vec<Entry>),
    Attrs(Attrs),
    Extended(Vec<u8>),
}

/// A line of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub file: Vec<u8>,
    pub attrs: Attrs,
}

/// What is known of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attrs {
    pub size: Option<u64>,
    /// With the type of the file in it, as in `stat(2)`.
    pub mode: Option<u32>,
}

const TYPE_BITS: u32 = 0o170_000;

impl Attrs {
    pub fn is_file(&self) -> bool {
        self.mode.is_some_and(|mode| mode & TYPE_BITS == 0o100_000)
    }

    pub fn is_folder(&self) -> bool {
        self.mode.is_some_and(|mode| mode & TYPE_BITS == 0o040_000)
    }
}

/// Reads a packet's type and body (without its length): which request it answers, and what.
pub fn read_reply(packet: &[u8]) -> Option<(u32, Reply)> {
    let (kind, mut rest) = packet.split_first()?;
    let id = take_number(&mut rest)?;
    let reply = match *kind {
        kind::STATUS => {
            let code = take_number(&mut rest)?;
            // Some servers leave the message out.
            let message = take_text(&mut rest).unwrap_or_default();
            Reply::Status { code, message: plain(message) }
        }
        kind::HANDLE => Reply::Handle(take_text(&mut rest).filter(|handle| handle.len() <= 256)?.to_vec()),
        kind::DATA => Reply::Data(take_text(&mut rest)?.to_vec()),
        kind::NAME => {
            let count = take_number(&mut rest)?;
            // Each takes 12 bytes at least, so that a count is bounded by what is there.
            let mut entries = Vec::with_capacity((count as usize).min(rest.len() / 12));
            for _ in 0..count {
                let file = take_text(&mut rest)?.to_vec();
                take_text(&mut rest)?;
                entries.push(Entry { file, attrs: take_attrs(&mut rest)? });
            }
            Reply::Names(entries)
        }
        kind::ATTRS => Reply::Attrs(take_attrs(&mut rest)?),
        kind::EXTENDED_REPLY => Reply::Extended(rest.to_vec()),
        _ => return None,
    };
    Some((id, reply))
}

/// Reads the first packet of a server: its version, and the names of its extensions.
pub fn read_version(packet: &[u8]) -> Option<(u32, Vec<String>)> {
    let (kind, mut rest) = packet.split_first()?;
    if *kind != kind::VERSION {
        return None;
    }
    let version = take_number(&mut rest)?;
    let mut extensions = Vec::new();
    while let Some(name) = take_text(&mut rest) {
        take_text(&mut rest)?;
        extensions.push(String::from_utf8_lossy(name).into_owned());
    }
    Some((version, extensions))
}

/// Free bytes, and whether nothing can be written: `statvfs@openssh.com`.
pub fn read_statvfs(mut body: &[u8]) -> Option<(u64, bool)> {
    let numbers: Option<Vec<u64>> = (0..11).map(|_| take_long(&mut body)).collect();
    let [_, fragment, _, _, available, _, _, _, _, flags, _] = numbers?.try_into().ok()?;
    let numbers: [u64; 3] = [fragment, available, flags];
    Some((numbers[0].saturating_mul(numbers[1]), numbers[2] & 1 == 1))
}

fn take_attrs(rest: &mut &[u8]) -> Option<Attrs> {
    let flags = take_number(rest)?;
    let mut attrs = Attrs::default();
    if flags & 1 != 0 {
        attrs.size = Some(take_long(rest)?);
    }
    if flags & 2 != 0 {
        take_long(rest)?;
    }
    if flags & 4 != 0 {
        attrs.mode = Some(take_number(rest)?);
    }
    if flags & 8 != 0 {
        take_long(rest)?;
    }
    if flags & 0x8000_0000 != 0 {
        for _ in 0..take_number(rest)? {
            take_text(rest)?;
            take_text(rest)?;
        }
    }
    Some(attrs)
}

pub fn take_number(rest: &mut &[u8]) -> Option<u32> {
    let (head, tail) = rest.split_first_chunk::<4>()?;
    *rest = tail;
    Some(u32::from_be_bytes(*head))
}

fn take_long(rest: &mut &[u8]) -> Option<u64> {
    let (head, tail) = rest.split_first_chunk::<8>()?;
    *rest = tail;
    Some(u64::from_be_bytes(*head))
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = take_number(rest)? as usize;
    let (head, tail) = rest.split_at_checked(len)?;
    *rest = tail;
    Some(head)
}

/// What somebody else's program says, made fit for a line of ours.
pub fn plain(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    line.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_these_bytes() {
        let open = Packet::new(kind::OPEN).text(b"/a").number(flag::READ).number(0);
        let bytes = [0, 0, 0, 19, 3, 0, 0, 0, 7, 0, 0, 0, 2, b'/', b'a', 0, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(open.bytes(7), bytes);
    }

    #[test]
    fn answers_are_read_and_cut_ones_are_none() {
        let names = [
            &[kind::NAME, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, b'x', 0, 0, 0, 0, 0, 0, 0, 0x0d][..],
            &5_u64.to_be_bytes(),
            &0o100_600_u32.to_be_bytes(),
            &[0; 8],
        ]
        .concat();
        let attrs = Attrs { size: Some(5), mode: Some(0o100_600) };
        assert!(attrs.is_file() && !attrs.is_folder());
        assert_eq!(read_reply(&names), Some((9, Reply::Names(vec![Entry { file: b"x".to_vec(), attrs }]))));
        for len in 0..names.len() {
            assert_eq!(read_reply(&names[..len]), None, "{len}");
        }
        // A count that is not there takes no memory.
        assert_eq!(read_reply(&[kind::NAME, 0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff]), None);
        let status = [kind::STATUS, 0, 0, 0, 1, 0, 0, 0, 4];
        assert_eq!(read_reply(&status), Some((1, Reply::Status { code: 4, message: String::new() })));
        let version = [&[2, 0, 0, 0, 3, 0, 0, 0, 1, b'a', 0, 0, 0, 1, b'1'][..]].concat();
        assert_eq!(read_version(&version), Some((3, vec!["a".to_owned()])));
        assert_eq!(read_version(&status), None);
    }
}
