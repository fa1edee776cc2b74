/// An analysis: its declared outputs, its settings and one function. `FrameEngine` is the example to
/// copy; a new engine is a folder and one line in the list of engines.
///
/// An engine is a value without memory. What it needs of the past is in the context, so that a replay
/// can hand it the same past and must get the same answer, bit for bit.
public protocol AnalysisEngine: Sendable {
  /// The word of `--engine` and of the session file: `frame`, `pacbed`.
  var name: String { get }
  /// Four letters for the frame list: `FRAM`, `PACB`.
  var label: String { get }
  /// What it reports, most important first: the first is the list's column and the trend.
  var outputs: [Output] { get }
  var parameters: [Parameter] { get }
  /// What its frames hold: how their contrast is laid out.
  var signal: Exhibit.Signal { get }
  /// Settings for an answer at once while frames come faster than they can be analysed in full; a full analysis
  /// follows when there is time. None for an engine that is always quick.
  var hurriedSettings: [String: String] { get }
  /// The setting through which a session tells what its frames have taught of the instrument; nil for an engine that
  /// learns nothing from one frame for the next.
  var lessonSetting: String? { get }
  /// What accepted findings, oldest first, of frames that were taken alike teach: the value of that setting.
  func lesson(from findings: [Finding]) -> String?
  /// Its files are series that are written on: one that is written anew under its name is the same series, further on, and
  /// its answer the next run of the same entry.
  var readsSeries: Bool { get }
  /// The setting that names the files of a series beside the one that is analysed, with commas between; nil for an engine
  /// that takes no series of files.
  var seriesSetting: String? { get }
  /// How well this engine suits a file under `--engine auto`; 0 is not at all, `frame` always says 1.
  func suitability(for file: FileSummary) -> Int
  /// The settings that a change by hand means, from those that found the regions; nil for one it does not know.
  func settings(_ settings: [String: String], after edit: RegionEdit, of regions: Exhibit.Regions) -> [String:
    String]?
  /// The same for a change by hand on a table's row.
  func settings(_ settings: [String: String], after edit: TableEdit, of table: Exhibit.Table) -> [String:
    String]?
  func analyze(_ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext)
    throws(AnalysisError) -> Finding
}

extension AnalysisEngine {
  public var signal: Exhibit.Signal { .other }
  public var hurriedSettings: [String: String] { [:] }
  public var lessonSetting: String? { nil }
  public func lesson(from findings: [Finding]) -> String? { nil }
  public var readsSeries: Bool { false }
  public var seriesSetting: String? { nil }
  public func settings(
    _ settings: [String: String], after edit: RegionEdit, of regions: Exhibit.Regions
  ) -> [String: String]? { nil }
  public func settings(
    _ settings: [String: String], after edit: TableEdit, of table: Exhibit.Table
  ) -> [String: String]? { nil }
}

/// A quantity that an engine promises to report.
public struct Output: Sendable, Equatable {
  public var name: String
  public var unit: String
  /// Where a name has no room, in a list's head or a narrow pane: `t`, `dose`.
  public var symbol: String
  /// Digits behind the decimal point on the screen.
  public var decimals: Int
  /// Of the instrument and not of the specimen: it should be the same from frame to frame, and a change by this share
  /// of it matters. Nil for what frames may differ in.
  public var rests: Double?

  /// Under this name an engine tells the size of a detector's pixel: the measured picture's scale bar.
  public static let pixel = "pixel"

  public init(name: String, unit: String, symbol: String, decimals: Int, rests: Double? = nil) {
    self.name = name
    self.unit = unit
    self.symbol = symbol
    self.decimals = decimals
    self.rests = rests
  }
}

/// What is analysed: one frame, or all frames of a scan, read as they are needed.
public enum Subject {
  case frame(Frame)
  case scan(any FrameSource)
}

/// What surrounds an analysis.
public struct AnalysisContext: Sendable {
  /// Where the frame lies, for messages.
  public var file: String?
  /// The same engine's finding on the frame before this one, for drifts.
  public var previous: Finding?
  /// Asked now and then by long analyses; a cancelled one throws `.cancelled`.
  public var isCancelled: @Sendable () -> Bool
  /// Told the fraction done by long analyses.
  public var progress: @Sendable (Double) -> Void

  /// Writes a file beside the finding and says where; nil where nobody asked for files.
  public var write: (@Sendable (Artifact) throws(AnalysisError) -> String)?

  public init(
    file: String? = nil, previous: Finding? = nil, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in },
    write: (@Sendable (Artifact) throws(AnalysisError) -> String)? = nil
  ) {
    self.file = file
    self.previous = previous
    self.isCancelled = isCancelled
    self.progress = progress
    self.write = write
  }
}

public enum AnalysisError: Error, Sendable, Equatable, CustomStringConvertible {
  case cancelled
  case parameter(InvalidParameter)
  case file(FileRefusal)
  /// The engine cannot work here (a model is missing, a solver did not converge), said in one line.
  case failed(String)
  /// The process that analysed the frame did not live to answer, said in one line.
  case died(String)

  public var description: String {
    switch self {
    case .cancelled: "cancelled"
    case .parameter(let error): error.description
    case .file(let error): error.description
    case .failed(let reason), .died(let reason): reason
    }
  }
}
