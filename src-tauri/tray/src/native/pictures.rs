//! The icon's pictures, compiled in as PNG and decoded when they are first shown.

use std::cell::RefCell;
use std::io::Cursor;

use tray_icon::Icon;

use crate::picture::Picture;

const WELL: &[u8] = include_bytes!("../../../../icons/tray-well.png");
const REFRESHING: &[u8] = include_bytes!("../../../../icons/tray-refreshing.png");
const PAUSED: &[u8] = include_bytes!("../../../../icons/tray-paused.png");
const LOCKED: &[u8] = include_bytes!("../../../../icons/tray-locked.png");
const NEEDS_YOU: &[u8] = include_bytes!("../../../../icons/tray-needs-you.png");

thread_local! {
    /// The decoded ones; 16 KiB each.
    static DECODED: RefCell<[Option<Icon>; 5]> = const { RefCell::new([None, None, None, None, None]) };
}

/// The picture as an icon; `None` where its file is not 8-bit RGBA, which a test rules out.
pub(super) fn icon(picture: Picture) -> Option<Icon> {
    let (place, bytes) = match picture {
        Picture::Well => (0, WELL),
        Picture::Refreshing => (1, REFRESHING),
        Picture::Paused => (2, PAUSED),
        Picture::Locked => (3, LOCKED),
        Picture::NeedsYou => (4, NEEDS_YOU),
    };
    DECODED.with_borrow_mut(|decoded| {
        if decoded[place].is_none() {
            decoded[place] = decode(bytes);
        }
        decoded[place].clone()
    })
}

fn decode(bytes: &[u8]) -> Option<Icon> {
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().ok()?;
    let mut rgba = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut rgba).ok()?;
    if (frame.color_type, frame.bit_depth) != (png::ColorType::Rgba, png::BitDepth::Eight) {
        return None;
    }
    rgba.truncate(frame.buffer_size());
    Icon::from_rgba(rgba, frame.width, frame.height).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_can_be_shown() {
        for picture in [Picture::Well, Picture::Refreshing, Picture::Paused, Picture::Locked, Picture::NeedsYou] {
            assert!(icon(picture).is_some(), "{picture:?}");
        }
    }
}
