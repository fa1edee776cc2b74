import System
import Diffraction

/// EMPAD: `.raw` of 130 x 128 singles a frame, of which the last two rows are not image; the scan is in the
/// `.xml` beside it or in the name.
package struct EMPADFormat: DiskFormat {
  package let name = "EMPAD"
  package let suffixes = ["raw"]
  private static let rows = 130
  private static let columns = 128

  package init() {}

  /// Content says nothing here: the name or the description beside it has to.
  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    suffix == "raw" && !head.isEmpty
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    let fileName = file.path.split(separator: "/").last.map(String.init) ?? ""
    let description = EMPADDescription(of: fileName, in: file.path)
    let named = Self.scan(fromName: fileName)
    guard description != nil || named != nil else {
      throw FileRefusal(
        .unsupported,
        "raw: neither an EMPAD description beside it nor a scan in the name; width, height and type are needed"
      )
    }
    let stride = Self.rows * Self.columns * 4
    let image = StoredImage(width: Self.columns, height: 128, stored: .plain(.float32))
    let present = FixedFrames.count(in: file.size, start: 0, stride: stride, frameBytes: stride)
    guard present > 0 else {
      throw FileRefusal(.truncated, "EMPAD: no whole frame is there yet", offset: file.size)
    }
    var summary = FileSummary(
      format: name, width: Self.columns, height: 128, sample: .float32, frames: present)
    summary.scan = description?.scan ?? named.map { Sourced($0, source: "file name") }
    description?.describe(&summary)
    if let scan = summary.scan {
      guard scan.value.width > 0, scan.value.height > 0,
        checkedProduct(scan.value.width, scan.value.height) != nil
      else {
        throw FileRefusal(.damaged, "EMPAD: a scan of \(scan.value.width) x \(scan.value.height) points")
      }
      summary.declaredFrames = scan.value.count
    } else if let series = description?.series {
      summary.declaredFrames = series
    } else if file.size % stride != 0 {
      summary.declaredFrames = present + 1
    }
    if present > summary.declaredFrames {
      summary.warnings.append("\(present) frames, but \(summary.declaredFrames) are described")
      summary.frames = summary.declaredFrames
    }
    return FixedFrames(file, summary: summary, image: image, start: 0, stride: stride)
  }

  /// `scan_x128_y64.raw`.
  private static func scan(fromName name: String) -> ScanShape? {
    guard name.hasPrefix("scan_x"), name.hasSuffix(".raw") else { return nil }
    let sizes = name.dropFirst(6).dropLast(4).split(separator: "_y", omittingEmptySubsequences: false)
    guard sizes.count == 2, sizes.allSatisfy({ $0.count <= 5 }), let width = Int(sizes[0]),
      let height = Int(sizes[1]),
      width > 0, height > 0
    else { return nil }
    return ScanShape(width: width, height: height)
  }
}

/// The XML that names this raw file.
private struct EMPADDescription {
  var scan: Sourced<ScanShape>?
  var series: Int?
  private let xml: XMLScan
  private let source: String

  init?(of name: String, in path: String) {
    let folder = path.dropLast(name.utf8.count == 0 ? 0 : name.count)
    guard let found = Self.find(name, in: folder.isEmpty ? "." : String(folder)) else { return nil }
    xml = XMLScan(found.bytes)
    source = "sidecar:\(found.name)"
    if let width = xml.text("pix_x").flatMap({ Int($0) }), let height = xml.text("pix_y").flatMap({ Int($0) })
    {
      scan = Sourced(ScanShape(width: width, height: height), source: source)
    }
    series = xml.text("series_count").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
  }

  /// Every `.xml` of the folder that names this file, whatever it is called itself; at most 200 are tried.
  private static func find(_ name: String, in folder: String) -> (name: String, bytes: [UInt8])? {
    var tried = 0
    for candidate in FolderNames(folder) where candidate.lowercased().hasSuffix(".xml") {
      tried += 1
      guard tried <= 200 else { break }
      guard let file = try? DiskFile(path: folder + "/" + candidate),
        let bytes = try? file.bytes(at: 0, upTo: 1 << 20),
        let target = XMLScan(bytes).attribute("filename", of: "raw_file")
      else { continue }
      // Only the last part counts: the folder may have been moved.
      let last = target.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init)
      if last == name { return (candidate, bytes) }
    }
    return nil
  }

  private func positive(_ name: String) -> Double? {
    guard let value = xml.text(name).flatMap({ Double($0) }), value.isFinite, value > 0 else { return nil }
    return value
  }

  func describe(_ summary: inout FileSummary) {
    if let volts = positive("source.get_voltage") {
      summary.beam.voltageKilovolts = Sourced(volts / 1000, source: source)
    }
    if let metres = positive("optics.get_cameralength") {
      summary.beam.cameraLengthMillimetres = Sourced(metres * 1000, source: source)
    }
    if let milliseconds = positive("exposure_time") {
      summary.beam.exposureSeconds = Sourced(milliseconds / 1000, source: source)
    }
    var axis: AxisCalibration?
    if let size = positive("calibrated_pixelsize") {
      axis = AxisCalibration(scale: size, unit: "1/m")
    } else if let angle = positive("calibrated_diffraction_angle") {
      axis = AxisCalibration(scale: angle * 1000, unit: "mrad")
    }
    if let axis {
      summary.calibration = Calibration(x: Sourced(axis, source: source), y: Sourced(axis, source: source))
    }
    if let date = xml.attribute("isoformat", of: "timestamp") {
      summary.metadata.append(MetadataItem(name: "date", value: date, source: source))
    }
  }
}
