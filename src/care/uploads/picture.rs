//! A small picture of a large one, without trusting it: size and memory are bounded before anything is decoded, the decoders
//! are Rust without unsafe code, and what is kept is a PNG made here of plain points. Nothing of the file's own text (place,
//! camera, comments, profiles) goes into it.

use std::io::Cursor;

use super::NotTaken;
use super::jpeg::Shape;

/// The most points of a picture, in millions, and of one of its sides.
pub const MOST_PIXELS: u32 = 50;
const LONGEST_SIDE: u32 = 20_000;
/// The longer side of a small picture, in points.
pub const SIDE: u32 = 320;
/// The most memory that a decoder may take for what it holds at once, in bytes.
const MOST_MEMORY: usize = 96 << 20;

/// Refuses what would be too large to be opened by whoever looks at it.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), NotTaken> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(NotTaken::Broken);
    }
    if pixels > u64::from(MOST_PIXELS) * 1_000_000 || width > LONGEST_SIDE || height > LONGEST_SIDE {
        return Err(NotTaken::TooManyPixels(u32::try_from(pixels / 1_000_000).unwrap_or(u32::MAX).max(1)));
    }
    Ok(())
}

/// The small picture being made: sums of what falls on each of its points.
struct Small {
    from: (u32, u32),
    width: u32,
    height: u32,
    points: Vec<[u32; 4]>,
    counts: Vec<u32>,
}

impl Small {
    fn of(width: u32, height: u32) -> Self {
        let longer = width.max(height).max(1);
        let side = |side: u32| if longer <= SIDE { side } else { (side * SIDE / longer).max(1) };
        let (small_width, small_height) = (side(width), side(height));
        let all = (small_width * small_height) as usize;
        Self {
            from: (width, height),
            width: small_width,
            height: small_height,
            points: vec![[0; 4]; all],
            counts: vec![0; all],
        }
    }

    fn add(&mut self, x: u32, y: u32, colour: [u8; 4]) {
        let to = |at: u32, from: u32, side: u32| (u64::from(at) * u64::from(side) / u64::from(from.max(1))) as u32;
        let (x, y) = (to(x, self.from.0, self.width), to(y, self.from.1, self.height));
        let at = (y.min(self.height - 1) * self.width + x.min(self.width - 1)) as usize;
        if let (Some(sum), Some(count)) = (self.points.get_mut(at), self.counts.get_mut(at)) {
            sum.iter_mut().zip(colour).for_each(|(sum, part)| *sum += u32::from(part));
            *count += 1;
        }
    }

    /// As a PNG, turned as the camera was held.
    fn finish(self, turn: Turn) -> Option<Vec<u8>> {
        let (width, height) = if turn.swaps() { (self.height, self.width) } else { (self.width, self.height) };
        let mut flat = Vec::with_capacity((width * height) as usize * 3);
        for y in 0..height {
            for x in 0..width {
                let (from_x, from_y) = turn.from(x, y, self.width, self.height);
                let at = (from_y * self.width + from_x) as usize;
                let count = self.counts.get(at).copied().unwrap_or(0).max(1);
                let [red, green, blue, alpha] = self.points.get(at)?.map(|sum| sum / count);
                // What is transparent lies on white.
                let on_white = |part: u32| u8::try_from((part * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
                flat.extend([on_white(red), on_white(green), on_white(blue)]);
            }
        }
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().ok()?;
        writer.write_image_data(&flat).ok()?;
        writer.finish().ok()?;
        Some(out)
    }
}

/// How the camera was held (Exif 2.3, tag 0x0112).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn(u16);

impl Turn {
    const NONE: Self = Self(1);

    const fn swaps(self) -> bool {
        matches!(self.0, 5..=8)
    }

    /// Where in a picture of this size the point comes from that stands at `x`, `y` when it is turned.
    const fn from(self, x: u32, y: u32, width: u32, height: u32) -> (u32, u32) {
        let (right, bottom) = (width.saturating_sub(1), height.saturating_sub(1));
        match self.0 {
            2 => (right - x, y),
            3 => (right - x, bottom - y),
            4 => (x, bottom - y),
            5 => (y, x),
            6 => (y, bottom - x),
            7 => (right - y, bottom - x),
            8 => (right - y, x),
            _ => (x, y),
        }
    }
}

/// The orientation in Exif data, as a TIFF structure (TIFF 6.0, section 2). Anything unexpected is none.
fn turn_of(exif: &[u8]) -> Option<Turn> {
    let little = match exif.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let two = |at: usize| {
        let pair: [u8; 2] = exif.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    let four = |at: usize| {
        let all: [u8; 4] = exif.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(all) } else { u32::from_be_bytes(all) })
    };
    let first = usize::try_from(four(4)?).ok()?;
    let entries = usize::from(two(first)?).min(64);
    let at = (0..entries).map(|entry| first + 2 + 12 * entry).find(|at| two(*at) == Some(0x0112))?;
    two(at + 8).filter(|turn| (1..=8).contains(turn)).map(Turn)
}

/// The small picture of a JPEG. A progressive one is held whole while it is decoded: where that would take too much, it has
/// none.
pub(super) fn of_jpeg(bytes: &[u8], shape: Shape) -> Result<Option<Vec<u8>>, NotTaken> {
    let whole = u64::from(shape.width) * u64::from(shape.height) * u64::from(shape.components.clamp(1, 4));
    // Two bytes for each coefficient.
    if shape.progressive && whole * 2 > MOST_MEMORY as u64 {
        return Ok(None);
    }
    let mut decoder = jpeg_decoder::Decoder::new(Cursor::new(bytes));
    decoder.set_max_decoding_buffer_size(MOST_MEMORY);
    decoder.read_info().map_err(|error| broken(&error))?;
    let side = u16::try_from(SIDE).unwrap_or(u16::MAX);
    // The decoder makes the picture smaller by up to eight while it decodes.
    decoder.scale(side, side).map_err(|error| broken(&error))?;
    let pixels = decoder.decode().map_err(|error| broken(&error))?;
    let info = decoder.info().ok_or(NotTaken::Broken)?;
    let turn = decoder.exif_data().and_then(turn_of).unwrap_or(Turn::NONE);
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    let mut small = Small::of(width, height);
    let size = info.pixel_format.pixel_bytes();
    for (place, pixel) in (0_u32..).zip(pixels.chunks_exact(size)) {
        let colour = match *pixel {
            [grey] | [grey, _] => [grey, grey, grey, 255],
            [red, green, blue] => [red, green, blue, 255],
            [cyan, magenta, yellow, black] => {
                let part = |ink: u8| u8::try_from(u16::from(ink) * u16::from(black) / 255).unwrap_or(u8::MAX);
                [part(cyan), part(magenta), part(yellow), 255]
            }
            _ => return Err(NotTaken::Broken),
        };
        small.add(place % width, place / width, colour);
    }
    Ok(small.finish(turn))
}

fn broken(error: &jpeg_decoder::Error) -> NotTaken {
    match error {
        jpeg_decoder::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => NotTaken::CutOff,
        _ => NotTaken::Broken,
    }
}

/// Where the points of each pass of an interlaced PNG stand (PNG, third edition, 8.2): first column and step, first row and
/// step.
const PASSES: [(u32, u32, u32, u32); 7] =
    [(0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2)];

/// The small picture of a PNG, made row by row.
pub(super) fn of_png(bytes: &[u8]) -> Result<Option<Vec<u8>>, NotTaken> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: MOST_MEMORY });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let info = decoder.read_header_info().map_err(|error| unreadable(&error))?;
    let (width, height) = (info.width, info.height);
    check_size(width, height)?;
    let mut reader = decoder.read_info().map_err(|error| unreadable(&error))?;
    let size = reader.output_color_type().0.samples();
    let mut small = Small::of(width, height);
    let interlaced = reader.info().interlaced;
    let mut rows = Rows { size: (width, height), pass: 0, line: 0 };
    while let Some(row) = reader.next_interlaced_row().map_err(|error| unreadable(&error))? {
        let (first, step, y) = rows.next(interlaced).ok_or(NotTaken::Broken)?;
        for (place, pixel) in (0_u32..).zip(row.data().chunks_exact(size)) {
            let colour = match *pixel {
                [grey] => [grey, grey, grey, 255],
                [grey, alpha] => [grey, grey, grey, alpha],
                [red, green, blue] => [red, green, blue, 255],
                [red, green, blue, alpha] => [red, green, blue, alpha],
                _ => return Err(NotTaken::Broken),
            };
            small.add(first + place * step, y, colour);
        }
    }
    Ok(small.finish(Turn::NONE))
}

/// Which row of the picture comes next.
struct Rows {
    size: (u32, u32),
    pass: usize,
    line: u32,
}

impl Rows {
    /// The first column, the step between columns, and the row. A pass in which nothing falls has no rows.
    fn next(&mut self, interlaced: bool) -> Option<(u32, u32, u32)> {
        loop {
            let (x, dx, y, dy) = if interlaced { *PASSES.get(self.pass)? } else { (0, 1, 0, 1) };
            let at = y + self.line * dy;
            if x < self.size.0 && at < self.size.1 {
                self.line += 1;
                return Some((x, dx, at));
            }
            if !interlaced {
                return None;
            }
            (self.pass, self.line) = (self.pass + 1, 0);
        }
    }
}

fn unreadable(error: &png::DecodingError) -> NotTaken {
    match error {
        png::DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => NotTaken::CutOff,
        _ => NotTaken::Broken,
    }
}
