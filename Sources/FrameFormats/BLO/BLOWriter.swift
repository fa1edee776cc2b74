import Diffraction

/// Writes NanoMEGAS block files, for simulated scans: a header, then pattern after pattern, so that a scan that
/// grows is a file that is appended to.
package enum BLOWriter {
  /// `stepNanometres` of the scan; `pixel` in 1/Å on the detector.
  package static func header(
    size: Int, scan: ScanShape, stepNanometres: Double, pixel: Double, kilovolts: Double, note: String = ""
  ) -> [UInt8] {
    let points = scan.count
    let text = Array(note.utf8.prefix(1024))
    let imageOffset = 240 + text.count
    // The screen's scale stands in 100 pixels per centimetre, the camera length in tenths of a millimetre.
    let length = 1000.0
    let wavelength = Electrons.wavelength(volts: kilovolts * 1000) ?? 0.025
    let screen = 1000 / (pixel * length * wavelength)
    var bytes = Array("IMGBLO".utf8)
    bytes += little(UInt16(0x0102)) + little(UInt32(imageOffset)) + little(UInt32(imageOffset + points))
    bytes += little(UInt32(0)) + little(UInt16(size)) + little(UInt16(0))
    bytes += little(UInt16(scan.width)) + little(UInt16(scan.height)) + little(UInt16(0))
    bytes += little(stepNanometres.bitPattern) + little(stepNanometres.bitPattern)
    bytes += little(UInt32(kilovolts * 1000)) + little(UInt16(min(65_535, max(1, screen.rounded()))))
    bytes += little(UInt32(length * 10))
    bytes += [UInt8](repeating: 0, count: 240 - bytes.count) + text
    return bytes + [UInt8](repeating: 0, count: points)
  }

  /// The record of one pattern, which is square and of eight bits.
  package static func record(_ pattern: Pixels, index: Int) -> [UInt8] {
    precondition(pattern.sample == .uint8 && pattern.width == pattern.height, "block files hold square bytes")
    return [0xAA, 0x55] + little(UInt32(index)) + pattern.withBytes { Array($0) }
  }

  private static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
