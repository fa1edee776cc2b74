import System
import Diffraction
import FrameFormats
import FrameScaling

/// The computed fixtures of one format: a main file and the files that belong beside it.
struct CorpusCase {
  var name: String
  var bytes: [UInt8]
  var companions: [(name: String, bytes: [UInt8])] = []
  /// Whether it is damaged already.
  var isHostile = false
}

enum Corpus {
  /// The cases whose name ends in one of the suffixes.
  static func load(from folder: String, suffixes: [String]) -> [CorpusCase] {
    var cases: [CorpusCase] = []
    for set in ["same_scan", "tiff_awkward", "tiff_codecs", "hostile"] {
      let path = "\(folder)/\(set)"
      let names = FolderNames(path).sorted()
      for name in names {
        guard let dot = name.lastIndex(of: "."), suffixes.contains(String(name[name.index(after: dot)...])),
          !name.hasSuffix("_001.tvips"), let bytes = read("\(path)/\(name)"), bytes.count <= 100_000
        else { continue }
        var item = CorpusCase(name: name, bytes: bytes, isHostile: set == "hostile")
        let partners = [
          "\(name[..<dot]).hdr", name.replacing("_000.tvips", with: "_001.tvips"),
        ]
        for partner in partners where partner != name && names.contains(partner) {
          if let bytes = read("\(path)/\(partner)") { item.companions.append((partner, bytes)) }
        }
        cases.append(item)
      }
    }
    if suffixes.contains("raw"), let xml = read("\(folder)/same_scan/empad_x4_y3.xml") {
      let frame = [UInt8](repeating: 7, count: 66_560)
      cases = [CorpusCase(name: "scan_x4_y3.raw", bytes: frame, companions: [("empad.xml", xml)])]
    }
    if suffixes.contains("ser") {
      let text =
        "\u{1}\u{2}<ObjectInfo><ExperimentalDescription><Root><Data><Label>High tension</Label><Value>200</Value>"
        + "<Unit>kV</Unit></Data><Data><Label>Camera length</Label><Value>0.49</Value><Unit>m</Unit></Data></Root>"
        + "</ExperimentalDescription></ObjectInfo>"
      cases += cases.filter { $0.name == "trunc_999.ser" }.map {
        CorpusCase(name: "scan_1.ser", bytes: $0.bytes, companions: [("scan.emi", Array(text.utf8))])
      }
      cases.append(
        CorpusCase(name: "made_1.ser", bytes: series(), companions: [("made.emi", Array(text.utf8))]))
    }
    if suffixes.contains("cif_pets") {
      for (word, text) in spellings(of: zones().petsText) {
        cases.append(CorpusCase(name: "\(word)_dyn.cif_pets", bytes: Array(text.utf8)))
      }
      cases[cases.count - 1].companions = [
        ("last.cif", Array("data_made\n_cell_length_a 5\n".utf8))
      ]
    }
    if suffixes.contains("mrc"), let first = cases.first(where: { $0.name == "scan.mrc" }) {
      let text =
        "Instrument Accelerating Voltage (V) = 200000\nScan - Size X = 7\nScan - Size Y = 5\nDiffraction Pixel Size X = 0.1\n"
      let fei = extended(first.bytes)
      cases.append(
        CorpusCase(name: "a_movie.mrc", bytes: fei, companions: [("a_info.txt", Array(text.utf8))]))
    }
    return cases
  }

  private static func read(_ path: String) -> [UInt8]? {
    guard let file = try? DiskFile(path: path) else { return nil }
    return try? file.bytes(at: 0, upTo: file.size)
  }

  /// An MRC file with a Thermo Fisher extended header of zeros.
  private static func extended(_ bytes: [UInt8]) -> [UInt8] {
    var head = Array(bytes.prefix(1024))
    head.replaceSubrange(92..<96, with: [0x00, 0x03, 0, 0])
    head.replaceSubrange(104..<108, with: Array("FEI1".utf8))
    var record = [UInt8](repeating: 0, count: 768)
    record.replaceSubrange(0..<2, with: [0x00, 0x03])
    return head + record + bytes.dropFirst(1024)
  }

  /// Three zones with a dozen reflections each.
  private static func zones() -> ZoneSeries {
    let zones = (1...3).map { number in
      ZoneSeries.Zone(
        id: number, direction: SIMD3(0, 0, 1), semiAngle: 1, alpha: Double(number), beta: 0.1, omega: -0.2,
        scale: 1)
    }
    let reflections = (0..<36).map { number in
      ZoneSeries.Reflection(
        index: SIMD3(number % 4 - 2, number % 3, number % 5 - 1), intensity: Double(100 - 9 * number),
        sigma: 7.5,
        zone: number / 12)
    }
    return ZoneSeries(
      lengths: SIMD3(4.9, 4.9, 5.4), angles: SIMD3(90, 90, 120), wavelength: 0.0251, geometry: .rotation,
      axisPosition: 0, resolution: 1.4, orientation: [0.2, 0, 0, 0.1, 0.2, 0, 0, 0, 0.2], zones: zones,
      reflections: reflections)
  }

  /// What programs and people make of the same file.
  private static func spellings(of text: String) -> [(String, String)] {
    [
      ("crlf", text.replacing("\n", with: "\r\n")), ("tabs", text.replacing(" ", with: "\t")),
      ("quoted", text.replacing("_pets", with: "_pets\n_title 'a''b'\n_audit\n;\n_x_y\nloop_\n;")),
      ("blank", text.replacing("\n", with: "\n\n#\n")),
      ("unmeasured", text.replacing(" 7.50 ", with: " ? ")),
      ("precession", text.replacing("continuous rotation", with: "precession")),
      ("order", text.replacing("_refln_index_h\n_refln_index_k", with: "_refln_index_k\n_refln_index_h")),
      ("twice", text + text), ("cut", String(text.dropLast(text.count / 5))), ("last", text),
    ]
  }

  /// A TIA series of two 4 x 4 images.
  private static func series() -> [UInt8] {
    func little(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    var bytes =
      little(0x4949, 2) + little(0x0197, 2) + little(0x0210, 2) + little(0x4122, 4) + little(0x4152, 4)
    bytes += little(2, 4) + little(2, 4) + little(30, 4) + little(0, 4)
    let start = 30 + 16
    bytes += little(UInt64(start), 4) + little(UInt64(start + 82), 4) + little(0, 8)
    for image in 0..<2 {
      for _ in 0..<2 { bytes += little(0, 8) + little(Double(1e8).bitPattern, 8) + little(0, 4) }
      bytes += little(2, 2) + little(4, 4) + little(4, 4)
      for pixel in 0..<16 { bytes += little(UInt64(pixel + image), 2) }
    }
    return bytes
  }
}
