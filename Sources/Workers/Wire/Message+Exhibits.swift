import Diffraction

// What there is to look at.

extension MessageWriter {
  mutating func put(_ exhibit: Exhibit) {
    switch exhibit {
    case .image(let image):
      put(0)
      put(image)
    case .map(let map):
      put(1)
      put(map.title)
      put(map.pixels)
      put(map.unit)
      put(map.signal.rawValue)
      put(map.part) { $0.put($1) }
    case .regions(let regions):
      put(2)
      put(regions)
    case .scatter(let scatter):
      put(3)
      put(scatter)
    case .curves(let curves):
      put(4)
      put(curves)
    case .histogram(let histogram):
      put(5)
      put(histogram)
    case .table(let table):
      put(6)
      put(table.title)
      put(table.columns) { $0.put($1) }
      put(table.rows) { $0.put($1) }
      put(table.part) { $0.put($1) }
      put(table.chosen) { $0.put($1) }
      put(table.edits.map(\.rawValue).sorted()) { $0.put($1) }
    case .points(let points):
      put(7)
      put(points.title)
      put(points.unit)
      put(numbers: points.places.flatMap { [$0.x, $0.y] })
      put(numbers: points.heights)
      put(points.radius)
      put(points.columns) { $0.put($1) }
      put(points.rows) { $0.put($1) }
      put(points.part) { $0.put($1) }
    }
  }

  private mutating func put(_ image: Exhibit.Image) {
    put(image.title)
    put(image.pixels)
    put(image.unit)
    put(image.role.rawValue)
    put(image.signal.rawValue)
    put(image.part) { $0.put($1) }
    put(image.pixel) {
      $0.put($1.scale)
      $0.put($1.origin)
      $0.put($1.unit)
    }
  }

  private mutating func put(_ regions: Exhibit.Regions) {
    put(regions.title)
    put(regions.labels)
    put(regions.overlaps) { $0.put($1) }
    put(regions.columns) { $0.put($1) }
    put(regions.rows) { $0.put($1) }
    put(numbers: regions.details)
    put(regions.edits.map(\.rawValue).sorted()) { $0.put($1) }
  }

  private mutating func put(_ curves: Exhibit.Curves) {
    put(curves.title)
    put(curves.unit)
    put(curves.start)
    put(curves.step)
    put(curves.series) {
      $0.put($1.title)
      $0.put($1.role.rawValue)
      $0.put(numbers: $1.values)
    }
    put(curves.part) { $0.put($1) }
  }

  private mutating func put(_ column: Exhibit.Column) {
    put(column.name)
    put(column.unit)
    put(column.decimals)
    put(column.isProbability)
  }

  private mutating func put(_ row: Exhibit.Row) {
    put(row.name)
    put(numbers: row.cells)
    put(row.flags) { $0.put($1) }
  }

  mutating func put(_ scatter: Scatter) {
    put(scatter.name)
    put(scatter.axes) {
      $0.put($1.name)
      $0.put(numbers: $1.cloud.flatMap { [$0.x, $0.y] })
      $0.put(numbers: [$1.own.x, $1.own.y])
      $0.put(numbers: $1.neighbours.flatMap { [$0.x, $0.y] })
    }
    put(scatter.shades) {
      $0.put($1.name)
      $0.put($1.unit)
      $0.put(numbers: $1.values)
    }
    put(scatter.neighbours) {
      $0.put($1.text)
      $0.put($1.distance)
      $0.put($1.source)
    }
  }
}

extension MessageReader {
  mutating func exhibit() throws(Broken) -> Exhibit {
    switch try int() {
    case 0: return .image(try image())
    case 1:
      return .map(
        Exhibit.ScanMap(
          try text(), try pixels(), unit: try text(), signal: try word(Exhibit.Signal.self), part: try part())
      )
    case 2: return .regions(try regions())
    case 3: return .scatter(try scatter())
    case 4: return .curves(try curves())
    case 5: return .histogram(try histogram())
    case 6: return .table(try table())
    case 7: return .points(try placed())
    default: throw Broken()
    }
  }

  private mutating func word<Word: RawRepresentable<String>>(_ type: Word.Type) throws(Broken) -> Word {
    guard let word = Word(rawValue: try text()) else { throw Broken() }
    return word
  }

  private mutating func part() throws(Broken) -> Int? {
    try optional { reader throws(Broken) in try reader.int() }
  }

  private mutating func image() throws(Broken) -> Exhibit.Image {
    Exhibit.Image(
      try text(), try pixels(), unit: try text(), role: try word(Exhibit.Role.self),
      signal: try word(Exhibit.Signal.self), part: try part(),
      pixel: try optional { reader throws(Broken) in
        AxisCalibration(scale: try reader.double(), origin: try reader.double(), unit: try reader.text())
      })
  }

  private mutating func regions() throws(Broken) -> Exhibit.Regions {
    let (title, labels) = (try text(), try pixels())
    let overlaps = try optional { reader throws(Broken) in try reader.pixels() }
    let (columns, rows, details) = (try columns(), try rows(), try numbers(0))
    let edits = try array { reader throws(Broken) in try reader.word(RegionEdit.Kind.self) }
    return Exhibit.Regions(
      title, labels: labels, overlaps: overlaps, columns: columns, rows: rows, details: details,
      edits: Set(edits))
  }

  private mutating func curves() throws(Broken) -> Exhibit.Curves {
    Exhibit.Curves(
      try text(), unit: try text(), start: try double(), step: try double(),
      try array { reader throws(Broken) in
        Exhibit.Curves.Series(
          try reader.text(), role: try reader.word(Exhibit.Role.self), try reader.numbers(0.0))
      }, part: try part())
  }

  private mutating func columns() throws(Broken) -> [Exhibit.Column] {
    try array { reader throws(Broken) in
      Exhibit.Column(
        try reader.text(), unit: try reader.text(), decimals: try reader.int(),
        isProbability: try reader.bool())
    }
  }

  private mutating func rows() throws(Broken) -> [Exhibit.Row] {
    try array { reader throws(Broken) in
      Exhibit.Row(
        try reader.text(), try reader.numbers(0.0),
        flags: try reader.array { reader throws(Broken) in try reader.text() })
    }
  }

  private mutating func table() throws(Broken) -> Exhibit.Table {
    let (title, columns, rows) = (try text(), try columns(), try rows())
    let (part, chosen) = (try part(), try part())
    let edits = try array { reader throws(Broken) in try reader.word(TableEdit.Kind.self) }
    return Exhibit.Table(title, columns, rows, part: part, chosen: chosen, edits: Set(edits))
  }

  private mutating func placed() throws(Broken) -> Exhibit.Points {
    let (title, unit, numbers, heights) = (try text(), try text(), try numbers(0.0), try numbers(0.0))
    return Exhibit.Points(
      title, unit: unit,
      places: (0..<numbers.count / 2).map { SIMD2(numbers[2 * $0], numbers[2 * $0 + 1]) }, heights: heights,
      radius: try double(), columns: try columns(), rows: try rows(), part: try part())
  }

  private mutating func points() throws(Broken) -> [Scatter.Point] {
    let numbers = try numbers(Float(0))
    return (0..<numbers.count / 2).map { Scatter.Point(x: numbers[2 * $0], y: numbers[2 * $0 + 1]) }
  }

  mutating func scatter() throws(Broken) -> Scatter {
    let name = try text()
    let axes = try array { reader throws(Broken) -> Scatter.Axes in
      let (name, cloud, own) = (try reader.text(), try reader.points(), try reader.points())
      guard let own = own.first else { throw Broken() }
      return Scatter.Axes(name: name, cloud: cloud, own: own, neighbours: try reader.points())
    }
    let shades = try array { reader throws(Broken) in
      Scatter.Shade(name: try reader.text(), unit: try reader.text(), values: try reader.numbers(Float(0)))
    }
    let neighbours = try array { reader throws(Broken) in
      Scatter.Neighbour(text: try reader.text(), distance: try reader.double(), source: try reader.text())
    }
    return Scatter(name: name, axes: axes, shades: shades, neighbours: neighbours)
  }
}
