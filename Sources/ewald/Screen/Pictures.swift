import Diffraction
import LiveSession

/// What the frame view and the map view have to show of the finding under the cursor.
extension Model {
  /// The detail of the file under the cursor; an older one is still here while a new one is read.
  var shown: FrameDetail? { detail.flatMap { $0.fileID == list.cursor ? $0 : nil } }

  /// The frame as it was measured, then the pictures that explain what was found, of the chosen answer
  /// where it has its own.
  var pictureStrip: [Picture] {
    guard let shown, let frame = shown.frame else { return [] }
    let pictures = shown.pictures.filter { !$0.isMap && $0.scatter == nil }
    var names: [String] = []
    for picture in pictures where !names.contains(picture.name) { names.append(picture.name) }
    return [Picture(name: "Measured", pixels: frame.pixels, scale: Picture.measured)]
      + names.compactMap { name in
        pictures.first { $0.name == name && $0.candidate == candidate } ?? pictures.first { $0.name == name }
      }
  }

  /// Those that are on the screen now: one alone, or two in one place in turns, or all.
  var picturesInView: [Picture] {
    var strip = pictureStrip
    if let alone, strip.indices.contains(strip.count - 1 - alone) {
      return [strip[strip.count - 1 - alone]]
    }
    if blinks, strip.count > 1 {
      if isBlinkOn { strip[0] = strip[1] }
      strip.remove(at: 1)
    }
    return strip
  }

  var maps: [Picture] { shown?.pictures.filter(\.isMap) ?? [] }

  /// Positions of the scan under the cursor, as its maps or its file have them.
  var scanSize: (width: Int, height: Int)? {
    if let map = maps.first { return (map.pixels.width, map.pixels.height) }
    if let scan = shown?.summary?.scan?.value { return (scan.width, scan.height) }
    return nil
  }
}
