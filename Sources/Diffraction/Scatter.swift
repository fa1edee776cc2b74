/// Points on a plane that say where a finding lies among others: a map of latent values with the nearest
/// simulated patterns.
public struct Scatter: Sendable, Equatable {
  public struct Point: Sendable, Equatable {
    public var x: Float
    public var y: Float

    public init(x: Float, y: Float) {
      self.x = x
      self.y = y
    }
  }

  /// One way to lay the points out.
  public struct Axes: Sendable, Equatable {
    /// `PCA 1/2`, `LLE`.
    public var name: String
    public var cloud: [Point]
    public var own: Point
    /// In the order of the scatter's neighbours.
    public var neighbours: [Point]

    public init(name: String, cloud: [Point], own: Point, neighbours: [Point]) {
      self.name = name
      self.cloud = cloud
      self.own = own
      self.neighbours = neighbours
    }
  }

  /// A quantity that the cloud's points can be coloured by.
  public struct Shade: Sendable, Equatable {
    public var name: String
    public var unit: String
    /// One a point of the cloud.
    public var values: [Float]

    public init(name: String, unit: String, values: [Float]) {
      self.name = name
      self.unit = unit
      self.values = values
    }
  }

  public struct Neighbour: Sendable, Equatable {
    /// What it is: `62.0 eV, 0.41 A, -0.02 A`.
    public var text: String
    public var distance: Double
    /// `train`, `session`.
    public var source: String

    public init(text: String, distance: Double, source: String) {
      self.text = text
      self.distance = distance
      self.source = source
    }
  }

  public var name: String
  public var axes: [Axes]
  public var shades: [Shade]
  /// Nearest first.
  public var neighbours: [Neighbour]

  public init(name: String, axes: [Axes], shades: [Shade], neighbours: [Neighbour]) {
    self.name = name
    self.axes = axes
    self.shades = shades
    self.neighbours = neighbours
  }

  /// What its clouds hold in memory, as if they were its own: they may be its model's.
  public var byteCount: Int {
    axes.reduce(0) { $0 + $1.cloud.count * MemoryLayout<Point>.stride }
      + shades.reduce(0) { $0 + $1.values.count * MemoryLayout<Float>.stride }
  }
}
