import Analysis
import Diffraction

/// What a change by hand means in settings.
extension FrameScalingEngine {
  package func settings(
    _ settings: [String: String], after edit: TableEdit, of table: Exhibit.Table
  ) -> [String: String]? {
    var settings = settings
    switch edit {
    case .choose(let spacing):
      guard table.edits.contains(.choose), Double(spacing) != nil else { return nil }
      settings[ScalingSettings.spacing.name] = spacing
    case .leaveOut(let zone):
      guard table.edits.contains(.leaveOut), Int(zone) != nil else { return nil }
      let name = ScalingSettings.without.name
      var zones = (settings[name] ?? "").split(separator: ",").map(String.init).filter { Int($0) != nil }
      if zones.contains(zone) { zones.removeAll { $0 == zone } } else { zones.append(zone) }
      // Sorted, so that the same choice is the same text.
      zones.sort { (Int($0) ?? 0) < (Int($1) ?? 0) }
      settings[name] = zones.isEmpty ? nil : zones.joined(separator: ",")
    }
    return settings
  }
}
