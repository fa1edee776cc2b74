import Diffraction

/// Everything there is to see about one run of one file.
package struct FrameDetail: Sendable {
  package var fileID: Int
  package var result: ResultRecord?
  package var summary: FileSummary?
  package var frame: Frame?
  /// How many frames the file has, of which `frame` is one.
  package var frames: Int
  /// What its engine drew; nil where that has yet to be made.
  package var drawn: [Exhibit]?
  /// Why there is no frame: the file is gone or was refused.
  package var problem: String?

  package init(
    fileID: Int, result: ResultRecord? = nil, summary: FileSummary? = nil, frame: Frame? = nil,
    frames: Int = 0, drawn: [Exhibit]? = nil, problem: String? = nil
  ) {
    self.fileID = fileID
    self.result = result
    self.summary = summary
    self.frame = frame
    self.frames = frames
    self.drawn = drawn
    self.problem = problem
  }
}

/// The last frames that were read, so that the screen need not read them again. Bounded in bytes, exhibits
/// included; what is larger than the whole cache is kept alone, for as long as it is the newest.
package struct FrameCache {
  package struct Entry {
    package var fileID: Int
    package var summary: FileSummary
    package var frame: Frame
    package var result: Identifier?
    package var exhibits: [Exhibit]

    package init(
      fileID: Int, summary: FileSummary, frame: Frame, result: Identifier?, exhibits: [Exhibit]
    ) {
      self.fileID = fileID
      self.summary = summary
      self.frame = frame
      self.result = result
      self.exhibits = exhibits
    }

    var byteCount: Int { exhibits.reduce(frame.pixels.byteCount) { $0 + $1.byteCount } }
  }

  package private(set) var entries: [Entry] = []
  private let limit: Int

  package init(bytes limit: Int) { self.limit = limit }

  package subscript(fileID: Int) -> Entry? { entries.last { $0.fileID == fileID } }

  package mutating func insert(_ entry: Entry) {
    entries.removeAll { $0.fileID == entry.fileID }
    entries.append(entry)
    var bytes = entries.reduce(0) { $0 + $1.byteCount }
    while entries.count > 1, bytes > limit || entries.count > 32 {
      bytes -= entries.removeFirst().byteCount
    }
  }

  mutating func remove(_ fileID: Int) { entries.removeAll { $0.fileID == fileID } }
}
