use super::*;

fn png_of(width: u32, height: u32, interlaced: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut info = png::Info::with_size(width, height);
    info.color_type = png::ColorType::Rgb;
    info.bit_depth = png::BitDepth::Eight;
    assert!(!interlaced, "the encoder writes none");
    let mut writer = png::Encoder::with_info(&mut out, info).unwrap().write_header().unwrap();
    let row: Vec<u8> = (0..width * height * 3).map(|n| u8::try_from(n % 251).unwrap()).collect();
    writer.write_image_data(&row).unwrap();
    writer.finish().unwrap();
    out
}

/// Grey, 16 × 8 points, baseline: made with `cjpeg -quality 75` of a plain picture.
const JPEG: &[u8] = include_bytes!("grey.jpg");

fn pdf() -> Vec<u8> {
    b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n".to_vec()
}

#[test]
fn a_file_is_what_its_bytes_say() {
    let pdf = look(&pdf()).unwrap();
    assert_eq!((pdf.kind, pdf.preview), (Type::Pdf, None));
    let picture = look(&png_of(700, 100, false)).unwrap();
    assert_eq!(picture.kind, Type::Png);
    let preview = picture.preview.unwrap();
    let small = png::Decoder::new(std::io::Cursor::new(&preview)).read_info().unwrap();
    assert_eq!((small.info().width, small.info().height), (320, 45));
    let jpeg = look(JPEG).unwrap();
    assert_eq!(jpeg.kind, Type::Jpeg);
    assert!(jpeg.preview.unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn what_is_something_else_is_refused_by_what_helps() {
    for (bytes, no) in [
        (&b""[..], NotTaken::Empty),
        (b"<!DOCTYPE html><script>alert(1)</script>%PDF-1.4 %%EOF", NotTaken::WebPage),
        (b"  <svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", NotTaken::WebPage),
        (b"\xEF\xBB\xBF<HTML>", NotTaken::WebPage),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", NotTaken::Heic),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", NotTaken::Heic),
        (b"PK\x03\x04", NotTaken::OtherType),
        (b"GIF89a", NotTaken::OtherType),
        (b"MZ", NotTaken::OtherType),
        (b"hello", NotTaken::OtherType),
        (b"%PDF-1.4\n1 0 obj", NotTaken::CutOff),
        (b"%PDF-1.4\n1 0 obj\n%%EOF", NotTaken::CutOff),
        (b"%PDF-1.4\n<html><script>alert(1)</script></html>\nstartxref\n9\n%%EOF", NotTaken::WebPage),
        (b"%PDF-<b>x</b>startxref\n9\n%%EOF", NotTaken::OtherType),
    ] {
        assert_eq!(look(bytes).unwrap_err(), no, "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(look(&vec![b'%'; MOST_BYTES + 1]).unwrap_err(), NotTaken::TooLarge(MOST_BYTES as u64 + 1));
}

#[test]
fn a_picture_that_is_cut_off_anywhere_or_changed_anywhere_is_refused_or_read_and_never_more() {
    let picture = png_of(40, 30, false);
    for whole in [picture.as_slice(), JPEG] {
        for end in 1..whole.len() {
            assert!(look(&whole[..end]).is_err(), "{end} of {}", whole.len());
        }
        for at in 0..whole.len() {
            for flip in [0x01, 0x80, 0xFF] {
                let mut changed = whole.to_vec();
                changed[at] ^= flip;
                let _ = look(&changed);
            }
        }
    }
}

#[test]
fn a_picture_that_says_it_is_huge_is_refused_before_it_is_opened() {
    let mut huge = JPEG.to_vec();
    let frame = huge.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    huge[frame + 5..frame + 9].copy_from_slice(&[0x40, 0, 0x40, 0]);
    assert_eq!(look(&huge).unwrap_err(), NotTaken::TooManyPixels(268));
    let mut huge = png_of(4, 4, false);
    huge[16..24].copy_from_slice(&[0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);
    // Its check value is not that of the new size; either is a reason.
    assert!(look(&huge).is_err());
}

#[test]
fn a_picture_of_forty_million_points_is_taken_and_its_preview_is_small() {
    let preview = look(&png_of(8000, 5000, false)).map(|looked| looked.preview.unwrap());
    let size = preview.map(|png| png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap().info().size());
    // Points that repeat make it small enough to be sent.
    assert_eq!(size, Ok((320, 200)));
}

#[test]
fn a_jpeg_with_more_scans_than_any_camera_writes_is_refused() {
    let scan = JPEG.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let (head, rest) = JPEG.split_at(scan);
    let one = &rest[..rest.len() - 2];
    let many = [head, one.repeat(65).as_slice(), &[0xFF, 0xD9]].concat();
    assert_eq!(look(&many).unwrap_err(), NotTaken::Broken);
}

#[test]
fn a_document_says_whose_it_is_who_brought_it_and_where_its_bytes_are() {
    let id = FhirId::parse("d1").unwrap();
    let upload = Upload {
        looked: look(JPEG).unwrap(),
        bytes: JPEG.to_vec(),
        title: "Knee".into(),
        kind: ("picture", "Photograph".into()),
        note: "Since May".into(),
        patient: FhirId::parse("p1").unwrap(),
        by: json!({"reference": "Patient/p1", "display": "Halina"}),
        origin: Origin::Patient,
    };
    assert_eq!(changes(&id, upload, "2026-03-03T09:00:00Z".parse().unwrap()).unwrap().len(), 3);
    let document = json!({"meta": {"tag": [tag(PATIENT_REPORTED)]}, "content": [
        {"attachment": {"url": "Binary/small"}, "format": {"system": PREVIEW.0, "code": PREVIEW.1}},
        {"attachment": {"url": "Binary/whole"}}]});
    let of = |part| binary_of(&document, part).map(String::from);
    assert_eq!((of(Part::File).as_deref(), of(Part::Preview).as_deref()), (Some("whole"), Some("small")));
    assert!(is_reported(&document));
    assert!(is_reported(&json!({"performer": [{"reference": "Patient/p1"}]})));
    assert!(!is_reported(&json!({"author": [{"reference": "Practitioner/a"}]})));
    assert!(
        binary_of(&json!({"content": [{"attachment": {"url": "https://elsewhere.example/x"}}]}), Part::File).is_none()
    );
}

#[test]
fn a_record_takes_so_many_files_and_so_many_bytes() {
    let fits = |files: usize, each: u64, more| fits::<Full>(&vec![each; files], more);
    assert!(fits(199, 1, 1).is_ok());
    assert!(matches!(fits(200, 1, 1), Err(crate::record::ActError::Told(Full::Files))));
    assert!(fits(20, 10 << 20, 0).is_ok());
    assert!(matches!(fits(20, 10 << 20, 1), Err(crate::record::ActError::Told(Full::Bytes))));
}
