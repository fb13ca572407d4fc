//! Decoder of the chunked transfer coding (RFC 9112 §7.1), on slices, without copying.

/// Where in the coding the next byte stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Chunked {
    /// The body isn't coded at all: everything is data.
    #[default]
    Identity,
    /// In the size of a chunk, so far `0`.
    Size(u64),
    /// In an extension or at the line feed after the size.
    SizeEnd(u64),
    /// In the data, with so many bytes to come.
    Data(u64),
    /// In the line end after the data.
    DataEnd,
    /// The last chunk was seen; a trailer may follow.
    Done,
}

/// The coding is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the chunked coding of the stream is broken")]
pub(super) struct BadChunk;

impl Chunked {
    /// Takes the next run of data off the front of `bytes`; `None` when nothing but coding was left.
    pub(super) fn next_data<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<&'a [u8]>, BadChunk> {
        loop {
            match *self {
                Self::Identity => {
                    let data = std::mem::take(bytes);
                    return Ok((!data.is_empty()).then_some(data));
                }
                Self::Data(left) => {
                    let take = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    if take == 0 {
                        return Ok(None);
                    }
                    let (data, rest) = bytes.split_at(take);
                    *bytes = rest;
                    let left = left - take as u64;
                    *self = if left == 0 { Self::DataEnd } else { Self::Data(left) };
                    return Ok(Some(data));
                }
                Self::Done => {
                    *bytes = &[];
                    return Ok(None);
                }
                Self::Size(_) | Self::SizeEnd(_) | Self::DataEnd => {
                    let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
                    *bytes = rest;
                    *self = self.after_coding(*first)?;
                }
            }
        }
    }

    /// Whether the body ended as it should.
    pub(super) fn is_done(self) -> bool {
        matches!(self, Self::Done)
    }

    fn after_coding(self, byte: u8) -> Result<Self, BadChunk> {
        match (self, byte) {
            (Self::Size(size), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if size < 1 << 56 => {
                let digit = char::from(byte).to_digit(16).ok_or(BadChunk)?;
                Ok(Self::Size(size * 16 + u64::from(digit)))
            }
            (Self::SizeEnd(0), b'\n') => Ok(Self::Done),
            (Self::SizeEnd(size), b'\n') => Ok(Self::Data(size)),
            (Self::Size(size), b'\r' | b';' | b' ' | b'\t') | (Self::SizeEnd(size), _) => Ok(Self::SizeEnd(size)),
            (Self::DataEnd, b'\r') => Ok(Self::DataEnd),
            (Self::DataEnd, b'\n') => Ok(Self::Size(0)),
            _ => Err(BadChunk),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(coded: &[u8], cut: usize) -> Result<(Vec<u8>, Chunked), BadChunk> {
        let mut state = Chunked::Size(0);
        let mut data = Vec::new();
        for mut piece in coded.chunks(cut) {
            while let Some(run) = state.next_data(&mut piece)? {
                data.extend_from_slice(run);
            }
        }
        Ok((data, state))
    }

    #[test]
    fn every_way_to_cut_the_coding_gives_the_same_data() {
        let coded = b"5\r\nhello\r\n1;x=y\r\n,\r\n0C\r\n chunk\r\nless\r\n0\r\n\r\n";
        for cut in 1..=coded.len() {
            let (data, state) = decode(coded, cut).expect("valid");
            assert_eq!(data, b"hello, chunk\r\nless", "cut at {cut}");
            assert!(state.is_done());
        }
    }

    #[test]
    fn what_is_not_a_size_is_refused() {
        assert!(decode(b"id: 1\n", 6).is_err());
        assert!(decode(b"fffffffffffffffff\r\n", 19).is_err());
    }
}
