import Diffraction
import Testing
import Workers

/// What one process writes the other reads, and nothing that a damaged process writes is believed.
@Suite struct MessageTests {
  private func picture(_ size: Int, _ start: Float) -> Picture {
    let values = (0..<size * size).map { start + Float($0) }
    return Picture(
      name: "p\(size)", pixels: Pixels(width: size, height: size, values: values), scale: "s", isSigned: true,
      candidate: 2, isMap: true)
  }

  private var finding: Finding {
    let axes = Scatter.Axes(
      name: "PCA 1/2", cloud: [.init(x: 1, y: 2), .init(x: 3, y: -4)], own: .init(x: 0.5, y: 0.25),
      neighbours: [.init(x: 9, y: 8)])
    let scatter = Scatter(
      name: "latent", axes: [axes], shades: [.init(name: "energy", unit: "eV", values: [60, 61])],
      neighbours: [.init(text: "60 eV", distance: 0.5, source: "train")])
    return Finding(
      values: [
        Quantity(
          "thickness", 42.5, unit: "nm", low: 41, high: 44, probability: 0.75,
          alternatives: [.init(value: 5.5, probability: 0.25)]),
        Quantity("unknown", .nan),
      ],
      histograms: [Histogram(name: "t", unit: "nm", centres: [1, 2, 3], probabilities: [0.25, 0.5, 0.25])],
      profiles: [Profile(name: "radial", unit: "px", start: 1, step: 0.5, values: [3, 2, .infinity])],
      verdict: .doubtful, reasons: [Reason("2PK", "two peaks")], model: ModelIdentity(id: "m", sha256: "ab"),
      pictures: [picture(3, 0.5), picture(300, -7), Picture(scatter)], artifacts: ["map": "a/b.tif"])
  }

  @Test func `A finding arrives as it was sent, pictures and all`() throws {
    let sent = finding
    var writer = MessageWriter()
    writer.put(sent)
    var reader = try MessageReader(try #require(Message(writer)))
    let found = try reader.finding()
    #expect(found.values.first == sent.values.first)
    #expect(found["unknown"]?.value.isNaN == true)
    #expect(found.histograms == sent.histograms && found.profiles == sent.profiles)
    #expect(found.verdict == sent.verdict && found.reasons == sent.reasons && found.model == sent.model)
    #expect(found.artifacts == sent.artifacts && found.pictures.count == 3)
    for (one, other) in zip(found.pictures, sent.pictures) {
      #expect(one.pixels.doubles() == other.pixels.doubles())
      #expect(one.name == other.name && one.scale == other.scale && one.isSigned == other.isSigned)
      #expect(one.candidate == other.candidate && one.isMap == other.isMap && one.scatter == other.scatter)
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
    #expect(found.pictures[1].pixels.doubles() == sent.pictures[1].pixels.doubles())
  }

  @Test func `Settings, errors and files arrive as they were sent`() throws {
    let settings = ParameterValues(["a": .automatic, "b": .number(-2.5), "c": .text("ü\u{1b}")])
    let errors: [AnalysisError] = [
      .cancelled, .parameter(InvalidParameter("p")), .file(FileRefusal(.damaged, "broken", offset: 7)),
      .failed("f"), .died("d"),
    ]
    let artifacts = [
      Artifact(role: "r", file: "f.tif", content: .images([picture(5, 1).pixels], description: "d")),
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
        && pages.map { $0.doubles() } == [picture(5, 1).pixels.doubles()])
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
        #expect(finding.pictures.isEmpty)
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
