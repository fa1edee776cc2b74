import CIF
import Diffraction

/// Integrated intensities of three-dimensional electron diffraction, zone by zone, as PETS2 writes them for a dynamical
/// refinement: the words of a CIF in `NAME.cif_pets`. As a frame it is a `ZoneSeries`.
package struct PETSFormat: DiskFormat {
  package let name = "PETS"
  package let suffixes = ["cif_pets"]

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    guard head.contains(where: { $0 != 0 }) else { return false }
    if suffix == "cif_pets" { return true }
    // Called something else it is known by the words that only these files have.
    let text = String(decoding: head, as: UTF8.self)
    return text.contains("_diffrn_zone_axis_id") && text.contains("data_")
  }

  /// The structure to refine: `NAME.cif` beside `NAME.cif_pets` or `NAME_dyn.cif_pets`, or `structure.cif`.
  package func companions(of path: String) -> [String] {
    guard let dot = path.lastIndex(of: ".") else { return [] }
    let stem = path[..<dot]
    let folder = stem.lastIndex(of: "/").map { String(stem[...$0]) } ?? ""
    var paths = ["\(stem).cif"]
    if stem.hasSuffix("_dyn") { paths.append("\(stem.dropLast(4)).cif") }
    return paths + ["\(folder)structure.cif"]
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    guard file.size <= CIFDocument.byteLimit else {
      throw FileRefusal(.tooLarge, "PETS: \(file.size) bytes are more than lists of reflections take")
    }
    var reading = try PETSReading(try file.bytes(at: 0, upTo: file.size))
    for path in companions(of: file.path) {
      guard let companion = try? DiskFile(path: path), companion.size <= ZoneSeries.mostStructureBytes,
        let text = try? companion.bytes(at: 0, upTo: companion.size), !text.isEmpty
      else { continue }
      reading.add(structure: text, from: path)
      break
    }
    return OneFrame(reading.series.pixels, summary: reading.summary)
  }
}
