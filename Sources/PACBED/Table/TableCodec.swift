import System
import Arrays
import Scattering

/// A table as bytes: a header, the scales, the coefficients, and a digest of all of them.
///
///     8   magic and version, "EWPACT01"
///     64  the request's identity
///     8   step of incidences in mrad, a double
///     24  reflections, rows, thicknesses, as 64-bit integers
///     …   scales (float), coefficients (int16)
///     64  digest: the SHA-256 of the SHA-256s of pieces of 4 MiB
///
/// Little-endian. Everything else follows from the request.
enum TableCodec {
  static let magic = Array("EWPACT01".utf8)
  private static let header = 8 + 64 + 8 + 24
  private static let digestLength = 64
  private static let piece = 4 << 20

  static func encode(_ table: PACBEDTable) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(header + table.scales.count * 4 + table.coefficients.count * 2 + digestLength)
    bytes += magic
    bytes += Array(table.request.identity.utf8)
    bytes += integer(table.step.bitPattern)
    for count in [table.scales.count, table.rows, table.thicknesses.count] { bytes += integer(UInt64(count)) }
    table.scales.withUnsafeBytes { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: table.coefficients.bytes)
    bytes += Array(digest(bytes[...]).utf8)
    return bytes
  }

  static func decode(_ bytes: [UInt8], request: TableRequest) throws(PACBEDError) -> PACBEDTable {
    guard bytes.count >= header + digestLength, bytes.prefix(8).elementsEqual(magic) else {
      throw .storage("not a table of rocking curves")
    }
    guard bytes[8..<72].elementsEqual(request.identity.utf8) else {
      throw .storage("a table for another request")
    }
    let body = bytes.count - digestLength
    guard bytes[body...].elementsEqual(digest(bytes[..<body]).utf8) else {
      throw .storage("a damaged table: its digest does not match")
    }
    let step = Double(bitPattern: integer(bytes, at: 72))
    let plan = try TablePlan(request: request, step: step)
    let count = plan.rows * plan.thicknesses.stride
    let expected = [plan.reflections.count, plan.rows, plan.thicknesses.count]
    guard (0..<3).allSatisfy({ integer(bytes, at: 80 + 8 * $0) == UInt64(expected[$0]) }),
      body == header + plan.reflections.count * 4 + count * 2
    else { throw .storage("a table of another shape") }
    let coefficients = TableMemory<Int16>(count: count)
    let scales = bytes.withUnsafeBytes { raw in
      coefficients.bytes.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: raw[header + plan.reflections.count * 4..<body]))
      return (0..<plan.reflections.count).map {
        raw.loadUnaligned(fromByteOffset: header + 4 * $0, as: Float.self)
      }
    }
    return PACBEDTable(plan: plan, places: plan.places(), coefficients: coefficients, scales: scales)
  }

  private static func integer(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  private static func integer(_ bytes: [UInt8], at offset: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
  }

  private static func digest(_ bytes: ArraySlice<UInt8>) -> String {
    let pieces = bytes.withUnsafeBytes { raw -> [String] in
      nonisolated(unsafe) let raw = raw
      return parallelMap((raw.count + piece - 1) / piece) { i in
        var hash = SHA256()
        hash.update(UnsafeRawBufferPointer(rebasing: raw[i * piece..<min(raw.count, (i + 1) * piece)]))
        return hash.hex()
      }
    }
    return SHA256.hex(pieces.joined().utf8)
  }
}

extension TableRequest {
  /// A digest of everything that the table's content depends on.
  package var identity: String {
    var text = "table 1\n"
    text += "beam \(kilovolts) step \(step) symmetry \(symmetry)\n"
    if pixel > 0 { text += "pixel \(pixel)\n" }
    text += "reach \(convergence) \(mistilt) \(angle) \(thickness)\n"
    let m = multislice
    text +=
      "potential \(m.formFactors) \(m.motion) \(m.absorption) \(m.slicing) \(m.bandLimit) \(m.spacing)\n"
    if let imitation = m.imitation {
      text +=
        "imitation \(imitation.points.x) \(imitation.points.y) \(imitation.mistilt.x) \(imitation.mistilt.y)\n"
    }
    text += "cell \(crystal.first.x) \(crystal.second.x) \(crystal.second.y) \(crystal.period)\n"
    for atom in crystal.atoms {
      text += "\(atom.element) \(atom.across.x) \(atom.across.y) \(atom.depth) \(atom.occupancy)"
      if let u = atom.displacement?.tensor.columns {
        for column in [u.0, u.1, u.2] { text += " \(column.x) \(column.y) \(column.z)" }
      }
      text += "\n"
    }
    return SHA256.hex(text.utf8)
  }
}
