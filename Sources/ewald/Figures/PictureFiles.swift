import Diffraction
import LiveSession
import System

/// Writes a finding's figures and its validation sheet into a folder of their own; nothing there is replaced.
package enum PictureFiles {
  /// Width of a figure that stands alone.
  private static let figureWidth = 800.0

  /// Returns the folder: `under` and, where that name is taken, a number behind it.
  package static func write(_ sheet: ValidationSheet, under folder: String) throws -> String {
    var free = folder
    var number = 1
    while FilePath.exists(free) {
      number += 1
      free = "\(folder)_\(number)"
    }
    try Folder.make(free)
    let notes =
      [("Title", sheet.result.file), ("Software", "ewald \(Ewald.version)")]
      + sheet.origin.map { ($0.name.capitalizedFirst, $0.text) }
    for figure in sheet.figures(width: figureWidth) {
      try NewFile.write(
        figure.plate.png(notes), to: "\(free)/\(figure.name).png", durability: .cached)
    }
    let plate = sheet.plate
    try NewFile.write(plate.png(notes), to: "\(free)/sheet.png", durability: .cached)
    try NewFile.write(Array(sheet.page.utf8), to: "\(free)/sheet.html", durability: .cached)
    return free
  }
}

/// Where a finding comes from: what a sheet or a file's properties say of it years later.
package enum Origin {
  package static func lines(
    of result: ResultRecord, _ summary: FileSummary?, content: String? = nil,
    run: (number: Int, of: Int)? = nil,
    session: SessionRecord? = nil, row: FileRow? = nil
  ) -> [(name: String, text: String)] {
    var lines: [(name: String, text: String)] = [
      ("file", RawPath(bytes: PathText.bytes(result.file)).display)
    ]
    if let content { lines.append(("content", content)) }
    if let summary {
      let frames = summary.frames == 1 ? "" : ", \(Format.count(summary.frames, "frame"))"
      lines.append(
        (
          "frame",
          "\(summary.width) × \(summary.height)\(frames), \(summary.sample.rawValue), \(summary.format)"
        ))
      if let x = summary.calibration.x {
        lines.append(
          ("pixel", "\(Format.fixed(x.value.scale, 5)) \(Format.unit(x.value.unit)), \(x.source)"))
      }
      if let voltage = summary.beam.voltageKilovolts {
        lines.append(("beam", "\(Format.fixed(voltage.value, 0)) kV, \(voltage.source)"))
      }
    }
    if let model = result.model { lines.append(("model", "\(model.id) \(model.sha256)")) }
    lines.append(("result", "\(result.resultID)"))
    if let run { lines.append(("run", "\(run.number) of \(run.of)")) }
    if let row {
      lines.append(("analysed", Timestamp.text(unixMilliseconds: row.unixMilliseconds)))
      if !row.tags.isEmpty { lines.append(("tags", row.tags.joined(separator: ", "))) }
      for note in row.notes { lines.append(("note", note)) }
    }
    if let session {
      lines.append(("session", "\(session.id), \(session.program) \(session.version) (\(session.commit))"))
      if let sample = session.sample { lines.append(("sample", sample)) }
      if let name = session.operatorName { lines.append(("operator", name)) }
    } else {
      let commit = Checkout.commit()
      lines.append(("program", "ewald \(Ewald.version)\(commit.isEmpty ? "" : " (\(commit))")"))
    }
    return lines
  }
}
