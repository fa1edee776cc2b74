import Glibc

/// Ring and sector of a pixel by its distance from the direct beam, for twice the detector along each axis.
package final class RingTable: Sendable {
  static let sectors = 16
  let rings: [UInt16]
  let sectorsOf: [UInt16]
  let width: Int

  package init(_ geometry: DetectorGeometry) {
    let (w, h) = (geometry.width, geometry.height)
    width = 2 * w + 1
    var ring = [UInt16](repeating: 0, count: (2 * h + 1) * width)
    var sector = ring
    for y in -h...h {
      for x in -w...w {
        let at = (y + h) * width + x + w
        ring[at] = UInt16(min(60_000, (Double(x * x + y * y).squareRoot() + 0.5).rounded(.down)))
        let angle = atan2(Double(y), Double(x)) / (2 * .pi) + 0.5
        sector[at] = UInt16(min(Self.sectors - 1, Int(angle * Double(Self.sectors))))
      }
    }
    rings = ring
    sectorsOf = sector
  }
}
