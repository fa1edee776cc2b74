/// Something to look at that explains a finding. The screen knows these kinds and no engine: an engine that offers
/// them gets its views without a line of code on the screen's side. Too large for the session file, they are made
/// anew from the frame and the settings whenever they are asked for.
public enum Exhibit: Sendable {
  case image(Image)
  case map(ScanMap)
  case regions(Regions)
  case scatter(Scatter)
  case curves(Curves)
  case histogram(Histogram)
  case table(Table)
  case points(Points)

  /// What it is to the answer: pictures of one finding are compared by role.
  public enum Role: String, Sendable, CaseIterable { case measured, expected, difference, other }

  public var title: String {
    switch self {
    case .image(let image): image.title
    case .map(let map): map.title
    case .regions(let regions): regions.title
    case .scatter(let scatter): scatter.name
    case .curves(let curves): curves.title
    case .histogram(let histogram): histogram.name
    case .table(let table): table.title
    case .points(let points): points.title
    }
  }

  /// Which of the finding's answers or regions it belongs to, from 0; nil for all of them.
  public var part: Int? {
    switch self {
    case .image(let image): image.part
    case .map(let map): map.part
    case .table(let table): table.part
    case .curves(let curves): curves.part
    case .points(let points): points.part
    case .regions, .scatter, .histogram: nil
    }
  }

  /// The values of an image or a map.
  public var pixels: Pixels? {
    switch self {
    case .image(let image): image.pixels
    case .map(let map): map.pixels
    case .regions, .scatter, .curves, .histogram, .table, .points: nil
    }
  }

  /// What it holds in memory.
  public var byteCount: Int {
    switch self {
    case .image(let image): image.pixels.byteCount
    case .map(let map): map.pixels.byteCount
    case .regions(let regions):
      regions.labels.byteCount + (regions.overlaps?.byteCount ?? 0) + 200 * regions.rows.count
    case .scatter(let scatter): scatter.byteCount
    case .curves(let curves): curves.series.reduce(into: 0) { $0 += 8 * $1.values.count }
    case .histogram(let histogram): 16 * histogram.centres.count
    case .table(let table): table.rows.reduce(into: 0) { $0 += 64 + 8 * $1.cells.count }
    case .points(let points): points.rows.reduce(into: 0) { $0 += 80 + 8 * $1.cells.count }
    }
  }
}

extension Exhibit {
  /// What kind of signal an image or a map holds: it decides how its contrast is laid out.
  public enum Signal: String, Sendable, CaseIterable {
    /// Overlapping discs of a convergent beam: broad, smooth, no dark background.
    case discs
    /// Separate discs or spots on a dark background.
    case spots
    /// A virtual dark-field image.
    case darkField
    /// Discs of low energy: bright centres, faint rims.
    case slowDiscs
    /// No picture: what the engine draws of them stands for them.
    case numbers
    case other
  }

  /// A picture over the detector.
  public struct Image: Sendable {
    public var title: String
    public var pixels: Pixels
    /// Of the pixels' values: `counts`, `electrons`.
    public var unit: String
    public var role: Role
    public var signal: Signal
    public var part: Int?
    /// The size of a pixel, where it is known.
    public var pixel: AxisCalibration?

    public init(
      _ title: String, _ pixels: Pixels, unit: String = "counts", role: Role = .other,
      signal: Signal = .other,
      part: Int? = nil, pixel: AxisCalibration? = nil
    ) {
      self.title = title
      self.pixels = pixels
      self.unit = unit
      self.role = role
      self.signal = signal
      self.part = part
      self.pixel = pixel
    }
  }

  /// A quantity over the positions of a scan; what is not finite was not measured.
  public struct ScanMap: Sendable {
    public var title: String
    public var pixels: Pixels
    public var unit: String
    public var signal: Signal
    public var part: Int?

    public init(
      _ title: String, _ pixels: Pixels, unit: String = "1", signal: Signal = .other, part: Int? = nil
    ) {
      self.title = title
      self.pixels = pixels
      self.unit = unit
      self.signal = signal
      self.part = part
    }
  }

  /// Several series over one axis.
  public struct Curves: Sendable, Equatable {
    public struct Series: Sendable, Equatable {
      public var title: String
      public var role: Role
      public var values: [Double]

      public init(_ title: String, role: Role = .other, _ values: [Double]) {
        self.title = title
        self.role = role
        self.values = values
      }
    }

    public var title: String
    /// Of the axis.
    public var unit: String
    public var start: Double
    public var step: Double
    public var series: [Series]
    /// Curves of a part belong to its points: a series to the row that is called as it is.
    public var part: Int?

    public init(
      _ title: String, unit: String, start: Double, step: Double, _ series: [Series], part: Int? = nil
    ) {
      self.title = title
      self.unit = unit
      self.start = start
      self.step = step
      self.series = series
      self.part = part
    }
  }

  public struct Column: Sendable, Equatable {
    public var name: String
    public var unit: String
    public var decimals: Int
    /// Told as one: nothing is certain.
    public var isProbability: Bool

    public init(_ name: String, unit: String = "1", decimals: Int = 0, isProbability: Bool = false) {
      self.name = name
      self.unit = unit
      self.decimals = decimals
      self.isProbability = isProbability
    }
  }

  public struct Row: Sendable, Equatable {
    public var name: String
    /// One a column; what is not finite is not known.
    public var cells: [Double]
    /// Short codes: `bent`, `weak`.
    public var flags: [String]

    public init(_ name: String, _ cells: [Double], flags: [String] = []) {
      self.name = name
      self.cells = cells
      self.flags = flags
    }
  }

  public struct Table: Sendable, Equatable {
    public var title: String
    public var columns: [Column]
    public var rows: [Row]
    public var part: Int?
    /// The row that the answer is.
    public var chosen: Int?
    /// What may be changed by hand.
    public var edits: Set<TableEdit.Kind>

    public init(
      _ title: String, _ columns: [Column], _ rows: [Row], part: Int? = nil, chosen: Int? = nil,
      edits: Set<TableEdit.Kind> = []
    ) {
      self.title = title
      self.columns = columns
      self.rows = rows
      self.part = part
      self.chosen = chosen
      self.edits = edits
    }
  }

  /// Objects at places in a plane, such as atoms, or reflections on a detector.
  public struct Points: Sendable, Equatable {
    public var title: String
    /// Of places and radius; y goes up.
    public var unit: String
    public var places: [SIMD2<Double>]
    /// Above the plane, one a place, or none: the higher hides the lower.
    public var heights: [Double]
    /// Of the disc that stands for one.
    public var radius: Double
    public var columns: [Column]
    /// One a place; one with a flag is not certain.
    public var rows: [Row]
    public var part: Int?

    public init(
      _ title: String, unit: String, places: [SIMD2<Double>], heights: [Double] = [], radius: Double,
      columns: [Column], rows: [Row], part: Int? = nil
    ) {
      self.title = title
      self.unit = unit
      self.places = places
      self.heights = heights
      self.radius = radius
      self.columns = columns
      self.rows = rows
      self.part = part
    }

    /// The places from the lowest to the highest, as they are drawn one over the other.
    public var upwards: [Int] {
      guard heights.count == places.count else { return Array(places.indices) }
      return places.indices.sorted { (heights[$0], $0) < (heights[$1], $1) }
    }
  }

  /// A scan taken apart: which region a position belongs to, and what there is to say of each. Images and maps whose
  /// `part` is a region's number belong to it.
  public struct Regions: Sendable {
    public var title: String
    /// 0 is none, 1 the first of `rows`.
    public var labels: Pixels
    /// The other region of a position that belongs to two; 0 where it does not. Nil where no position does.
    public var overlaps: Pixels?
    public var columns: [Column]
    public var rows: [Row]
    /// How many details of each region can be looked at alone: its spots.
    public var details: [Int]
    /// What may be changed by hand.
    public var edits: Set<RegionEdit.Kind>

    public init(
      _ title: String, labels: Pixels, overlaps: Pixels? = nil, columns: [Column], rows: [Row],
      details: [Int] = [], edits: Set<RegionEdit.Kind> = []
    ) {
      self.title = title
      self.labels = labels
      self.overlaps = overlaps
      self.columns = columns
      self.rows = rows
      self.details = details
      self.edits = edits
    }
  }
}

/// A change by hand that is offered on regions, by their names. Only the engine knows which settings it means; with
/// these the file is analysed again, so that the session file has the change, undo takes it back, a replay repeats it.
public enum RegionEdit: Sendable, Equatable {
  case join(String, String)
  case split(String)
  case drop(String)
  /// The next detail of a region, or the one before, looked at alone; after the last one none.
  case detail(String, step: Int)
  /// Less is found, or more.
  case threshold(step: Int)

  public enum Kind: String, Sendable, CaseIterable { case join, split, drop, detail, threshold }

  public var kind: Kind {
    switch self {
    case .join: .join
    case .split: .split
    case .drop: .drop
    case .detail: .detail
    case .threshold: .threshold
    }
  }
}

/// A change by hand that is offered on a table's rows, by their names: a new run with the settings that the engine makes
/// of it.
public enum TableEdit: Sendable, Equatable {
  /// Another row is to be the answer.
  case choose(String)
  /// What the row stands for is left out, or taken in again.
  case leaveOut(String)

  public enum Kind: String, Sendable, CaseIterable { case choose, leaveOut }

  public var kind: Kind {
    switch self {
    case .choose: .choose
    case .leaveOut: .leaveOut
    }
  }
}
