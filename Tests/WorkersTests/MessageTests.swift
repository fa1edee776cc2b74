import Diffraction
import Testing
import Workers

/// What one process writes the other reads, and nothing that a damaged process writes is believed.
@Suite struct MessageTests {
  private func image(_ size: Int, _ start: Float) -> Exhibit {
    let pixels = Pixels(width: size, height: 2, values: (0..<2 * size).map { start + Float($0) })
    return .image(
      Exhibit.Image(
        "Predicted \(size)", pixels, unit: "electrons", role: .difference, signal: .spots, part: size,
        pixel: AxisCalibration(scale: 0.5, origin: 1, unit: "mrad")))
  }

  private var exhibits: [Exhibit] {
    let axes = Scatter.Axes(
      name: "PCA 1/2", cloud: [.init(x: 1, y: 2), .init(x: 3, y: -4)], own: .init(x: 0.5, y: 0.25),
      neighbours: [.init(x: 9, y: 8)])
    let scatter = Scatter(
      name: "latent", axes: [axes], shades: [.init(name: "energy", unit: "eV", values: [60, 61])],
      neighbours: [.init(text: "60 eV", distance: 0.5, source: "train")])
    let labels = Pixels(width: 2, height: 1, values: [UInt16(1), 0])
    let columns = [Exhibit.Column("area", unit: "px", decimals: 1, isProbability: true)]
    let rows = [Exhibit.Row("A", [3.5], flags: ["bent"])]
    return [
      image(3, 0.5), image(300, -7), .scatter(scatter),
      .map(Exhibit.ScanMap("thickness", labels, unit: "nm", signal: .darkField, part: 2)),
      .regions(
        Exhibit.Regions(
          "Segments", labels: labels, overlaps: labels, columns: columns, rows: rows, details: [4],
          edits: [.join, .split])),
      .curves(
        Exhibit.Curves(
          "match", unit: "nm", start: 1, step: 0.5, [.init("measured", role: .measured, [1, 2, 3])])),
      .histogram(Histogram(name: "t", unit: "nm", centres: [1], probabilities: [1])),
      .table(Exhibit.Table("Spots", columns, rows, part: 1)),
      .points(
        Exhibit.Points(
          "Atoms", unit: "r0", places: [SIMD2(1, -2)], heights: [4], radius: 0.3, columns: columns, rows: rows
        )),
    ]
  }

  private var finding: Finding {
    Finding(
      values: [
        Quantity(
          "thickness", 42.5, unit: "nm", low: 41, high: 44, probability: 0.75,
          alternatives: [.init(value: 5.5, probability: 0.25)]),
        Quantity("unknown", .nan),
      ],
      histograms: [Histogram(name: "t", unit: "nm", centres: [1, 2, 3], probabilities: [0.25, 0.5, 0.25])],
      profiles: [Profile(name: "radial", unit: "px", start: 1, step: 0.5, values: [3, 2, .infinity])],
      verdict: .doubtful, reasons: [Reason("2PK", "two peaks")], model: ModelIdentity(id: "m", sha256: "ab"),
      exhibits: exhibits, artifacts: ["map": "a/b.tif"])
  }

  @Test func `A finding arrives as it was sent, exhibits and all`() throws {
    let sent = finding
    var writer = MessageWriter()
    writer.put(sent)
    var reader = try MessageReader(try #require(Message(writer)))
    let found = try reader.finding()
    #expect(found.values.first == sent.values.first)
    #expect(found["unknown"]?.value.isNaN == true)
    #expect(found.histograms == sent.histograms && found.profiles == sent.profiles)
    #expect(found.verdict == sent.verdict && found.reasons == sent.reasons && found.model == sent.model)
    #expect(found.artifacts == sent.artifacts && found.exhibits.count == sent.exhibits.count)
    for (one, other) in zip(found.exhibits, sent.exhibits) {
      #expect(one.title == other.title && one.part == other.part && one.byteCount == other.byteCount)
      #expect(one.pixels?.doubles() == other.pixels?.doubles())
      switch (one, other) {
      case (.image(let a), .image(let b)):
        #expect(a.unit == b.unit && a.role == b.role && a.signal == b.signal && a.pixel == b.pixel)
      case (.map(let a), .map(let b)): #expect(a.unit == b.unit && a.signal == b.signal)
      case (.regions(let a), .regions(let b)):
        #expect(a.labels.doubles() == b.labels.doubles() && a.columns == b.columns && a.rows == b.rows)
        #expect(a.details == b.details && a.edits == b.edits)
        #expect(a.overlaps?.doubles() == b.overlaps?.doubles())
      case (.scatter(let a), .scatter(let b)): #expect(a == b)
      case (.curves(let a), .curves(let b)): #expect(a == b)
      case (.histogram(let a), .histogram(let b)): #expect(a == b)
      case (.table(let a), .table(let b)): #expect(a == b)
      case (.points(let a), .points(let b)): #expect(a == b)
      default: Issue.record("\(one.title) arrived as another kind")
      }
    }
  }

  @Test func `A message longer than a packet goes through memory`() throws {
    var sent = finding
    sent.profiles.append(Profile(name: "long", unit: "1", values: (0..<100_000).map(Double.init)))
    var writer = MessageWriter()
    writer.put(sent)
    let message = try #require(Message(writer))
    #expect(message.head.count == 8)
    var reader = try MessageReader(message)
    let found = try reader.finding()
    #expect(found.profiles == sent.profiles)
    #expect(found.exhibits[1].pixels?.doubles() == sent.exhibits[1].pixels?.doubles())
  }

  @Test func `Settings, errors and files arrive as they were sent`() throws {
    let settings = ParameterValues(["a": .automatic, "b": .number(-2.5), "c": .text("ü\u{1b}")])
    let errors: [AnalysisError] = [
      .cancelled, .parameter(InvalidParameter("p")), .file(FileRefusal(.damaged, "broken", offset: 7)),
      .failed("f"), .died("d"),
    ]
    let page = try #require(image(5, 1).pixels)
    let artifacts = [
      Artifact(role: "r", file: "f.tif", content: .images([page], description: "d")),
      Artifact(role: "r", file: "f.csv", content: .bytes([1, 2, 255])),
    ]
    var writer = MessageWriter()
    writer.put(settings)
    for error in errors { writer.put(error) }
    for artifact in artifacts { writer.put(artifact) }
    var reader = try MessageReader(try #require(Message(writer)))
    #expect(try reader.parameters() == settings)
    for error in errors { #expect(try reader.analysisError() == error) }
    let images = try reader.artifact()
    guard case .images(let pages, "d") = images.content else {
      Issue.record("no images")
      return
    }
    #expect(
      images.role == "r" && images.file == "f.tif"
        && pages.map { $0.doubles() } == [page.doubles()])
    guard case .bytes([1, 2, 255]) = try reader.artifact().content else {
      Issue.record("no bytes")
      return
    }
  }

  @Test func `A damaged message is broken and never more`() throws {
    var writer = MessageWriter()
    writer.put(finding)
    let head = try #require(Message(writer)).head
    var broken = 0
    /// Without its memory no picture of it can be read.
    func read(_ head: [UInt8]) {
      do throws(MessageReader.Broken) {
        var reader = try MessageReader(Message(head: head, adopting: nil))
        let finding = try reader.finding()
        #expect(finding.exhibits.isEmpty)
      } catch {
        broken += 1
      }
    }
    for length in stride(from: 0, to: head.count, by: 3) { read(Array(head[..<length])) }
    for index in head.indices {
      for value in [UInt8](arrayLiteral: 0, 0x7F, 0xFF) {
        var damaged = head
        damaged[index] = value
        read(damaged)
      }
    }
    #expect(broken > 3 * head.count)
  }
}
