import Arrays
import Glibc  // log
import Scattering

/// Where the pattern lies on the camera and how large it is: what the network sees before physics is asked.
extension PatternMatcher {
  struct Look {
    var image: FitImage
    var reading: NetworkReading
    /// In the reduced frame.
    var centre: Vector2
    var step: Double
    /// mrad a pixel of the reduced frame, before the scale was read.
    var assumed: Double
    var doubt = 0.0
  }

  /// Cuts the image out, reads scale and centre, and cuts it out again where they lie. Of an unknown disc there
  /// are several first guesses: where they lead to different places, the likelier ones come first.
  func looks(
    _ frame: CameraFrame, _ conditions: Conditions, quarterTurns: Int
  ) throws(PACBEDError) -> [Look] {
    let alpha = conditions.convergence
    let pitch = ModelDomain.field * alpha / (Double(FitImage.size) / 2)
    let known = conditions.found?.pixel ?? conditions.pixel.map { $0 * (conditions.scale ?? 1) }
    let given = conditions.centre.map {
      ($0 - Vector2(1, 1) * (frame.reduction - 1) / 2) / frame.reduction
    }
    var disc = frame
    disc.findDisc(radius: known.map { alpha / ($0 * frame.reduction) })
    // Diffracted discs beside the direct one make it look larger than it is, hardly ever smaller.
    let assumed = known.map { $0 * frame.reduction } ?? alpha / max(2, disc.radius)
    // What was stated is what the scale that is told refers to.
    let stated = conditions.known.flatMap { _ in conditions.pixel.map { $0 * frame.reduction } } ?? assumed
    let pixels = known == nil ? [0.92, 1, 1.13, 1.27].map { assumed * $0 } : [assumed]
    let centres = given.map { [$0] } ?? (known == nil ? [disc.centre, frame.centre] : [disc.centre])
    let isFixed = conditions.found != nil || conditions.scale != nil
    var places = centres.flatMap { centre in pixels.map { Place(centre: centre, pixel: $0) } }
    let rounds = 3
    for round in 0..<rounds {
      let images = places.map { frame.view(centre: $0.centre, step: pitch / $0.pixel, pitch: pitch) }
      let isLast = round == rounds - 1
      let readings = try reader.read(
        images, statedConvergence: alpha, quarterTurns: isLast || places.count == 1 ? quarterTurns : 1)
      var looks: [Look] = []
      var next: [Place] = []
      for (number, place) in places.enumerated() {
        let reading = readings[number]
        let scale = reader.heads.scale.peaks(reading.scale, limit: 1).first?.value ?? 1
        looks.append(
          Look(
            image: images[number], reading: reading, centre: place.centre, step: pitch / place.pixel,
            assumed: stated, doubt: doubt(reading)))
        var moved = place
        if given == nil { moved.centre += reading.shift * (pitch / place.pixel) }
        if !isFixed { moved.pixel *= scale }
        next.append(moved)
      }
      let order = looks.indices.sorted { looks[$0].doubt < looks[$1].doubt }
      // Done when the image was cut out where the network sees it.
      let isSettled =
        order.count == 1 && places[order[0]].isNear(next[order[0]], step: pitch / next[order[0]].pixel)
      if isLast || isSettled { return order.map { looks[$0] } }
      var kept: [Place] = []
      for index in order {
        let place = next[index]
        if kept.contains(where: { $0.isNear(place, step: pitch / place.pixel) }) { continue }
        kept.append(place)
      }
      places = Array(kept.prefix(round == 0 ? 6 : 3))
    }
    return []
  }

  /// Where an image is cut out of the camera's frame: its middle, and mrad a pixel.
  private struct Place {
    var centre: Vector2
    var pixel: Double

    /// Nearer than what the network tells apart; `step` in pixels of the frame to one of the image.
    func isNear(_ other: Place, step: Double) -> Bool {
      (centre - other.centre).length < 0.75 * step && abs(pixel / other.pixel - 1) < 0.03
    }
  }

  /// How little the network makes of an image: one that is cut out wrongly looks like nothing it knows.
  private func doubt(_ reading: NetworkReading) -> Double {
    let heads = reader.heads
    let scale = heads.scale.peaks(reading.scale, limit: 1).first
    let surprise = [
      scale?.probability, heads.thickness.peaks(reading.thickness, limit: 1).first?.probability,
      heads.rotation.peaks(reading.rotation, limit: 1).first?.probability,
    ].reduce(0) { $0 - log(max(1e-6, $1 ?? 0)) }
    return surprise + 10 * abs((scale?.value ?? 2) - 1) + 0.3 * reading.shift.length
  }

  /// The published preprocessing: centre of mass of Otsu's mask, and a scale that is read again and again,
  /// damped: s_k = (k + (n - k) s) / n after pass k of n.
  func published(_ frame: CameraFrame, _ conditions: Conditions) throws(PACBEDError) -> Look {
    let alpha = conditions.convergence
    let pitch = ModelDomain.field * alpha / (Double(FitImage.size) / 2)
    let assumed = conditions.pixel.map { $0 * frame.reduction } ?? alpha / max(2, frame.radius)
    var pixel = assumed
    let passes = 5
    var best: Look?
    for pass in 1...passes {
      let image = frame.view(centre: frame.centre, step: pitch / pixel, pitch: pitch)
      let reading = try reader.read([image], statedConvergence: alpha, quarterTurns: 1)[0]
      best = Look(
        image: image, reading: reading, centre: frame.centre, step: pitch / pixel, assumed: assumed)
      let scale = reader.heads.scale.peaks(reading.scale, limit: 1).first?.value ?? 1
      let damped = (Double(pass) + Double(passes - pass) * scale) / Double(passes)
      pixel *= damped
    }
    guard let best else { throw .parameter("no image") }
    return best
  }
}
