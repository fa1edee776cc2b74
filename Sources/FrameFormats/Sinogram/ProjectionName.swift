import System

/// The name of a file that holds one projection of a series, `crystal_60deg.tif`: which series, and at which tilt.
package struct ProjectionName: Sendable, Equatable {
  /// The same for all files of a series: their folder and what their names share.
  package let series: String
  package let degrees: Double

  /// Nil for a name that says no tilt, or several.
  package init?(path: String) {
    let tilts = NamedTilts.tilts(path)
    guard tilts.count == 1, let dot = path.lastIndex(of: "."), let line = path[..<dot].lastIndex(of: "_")
    else {
      return nil
    }
    degrees = tilts[0]
    series = String(path[...line]) + path[dot...]
  }

  /// Files in the order given, those of one series as one: its first file and the names of the others.
  package static func gathered(_ paths: [String]) -> [(path: String, others: [String])] {
    var gathered: [(path: String, others: [String])] = []
    var places: [String: Int] = [:]
    for path in paths {
      if let name = ProjectionName(path: path) {
        if let place = places[name.series] {
          gathered[place].others.append(FilePath.name(of: path))
          continue
        }
        places[name.series] = gathered.count
      }
      gathered.append((path, []))
    }
    return gathered
  }
}
