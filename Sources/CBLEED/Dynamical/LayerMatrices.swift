import Arrays

/// Reflection and transmission of a slab for plane waves, rows out and columns in. Waves on the upper
/// side are referred to the slab's first plane, waves on the lower side to its last.
package struct LayerMatrices: Sendable {
  package var reflectionAbove: ComplexMatrix
  package var transmissionUp: ComplexMatrix
  package var transmissionDown: ComplexMatrix
  package var reflectionBelow: ComplexMatrix

  /// The same slab moved along the surface: exp(-i g.s) M exp(i g'.s), with `factors` = exp(i g.s).
  func shifted(_ factors: [ComplexDouble]) -> LayerMatrices {
    let conjugates = factors.map(\.conjugate)
    func move(_ m: ComplexMatrix) -> ComplexMatrix { m.scaled(rows: conjugates, columns: factors) }
    return LayerMatrices(
      reflectionAbove: move(reflectionAbove), transmissionUp: move(transmissionUp),
      transmissionDown: move(transmissionDown), reflectionBelow: move(reflectionBelow))
  }

  /// This slab over another one; `phases` carry every beam over the gap between them (Pendry 1974,
  /// layer doubling).
  func over(_ lower: LayerMatrices, phases: [ComplexDouble]) throws(CBLEEDError) -> LayerMatrices {
    let fromLower = lower.reflectionAbove.scaled(rows: phases, columns: phases)
    let fromUpper = reflectionBelow.scaled(rows: phases, columns: phases)
    do {
      let falling = try ComplexLU((reflectionBelow * fromLower).subtractedFromIdentity()).solve(
        transmissionDown)
      let rising = try ComplexLU((lower.reflectionAbove * fromUpper).subtractedFromIdentity())
        .solve(lower.transmissionUp)
      let none = [ComplexDouble](repeating: ComplexDouble(1), count: phases.count)
      return LayerMatrices(
        reflectionAbove: reflectionAbove.adding(transmissionUp * (fromLower * falling)),
        transmissionUp: transmissionUp * rising.scaled(rows: phases, columns: none),
        transmissionDown: lower.transmissionDown * falling.scaled(rows: phases, columns: none),
        reflectionBelow: lower.reflectionBelow.adding(lower.transmissionDown * (fromUpper * rising)))
    } catch {
      throw .linearAlgebra(error)
    }
  }

  /// Only the reflection from above of this slab over a lower one that reflects `lower`.
  func reflection(over lower: ComplexMatrix, phases: [ComplexDouble]) throws(CBLEEDError) -> ComplexMatrix {
    let fromLower = lower.scaled(rows: phases, columns: phases)
    do {
      let falling = try ComplexLU((reflectionBelow * fromLower).subtractedFromIdentity()).solve(
        transmissionDown)
      return reflectionAbove.adding(transmissionUp * (fromLower * falling))
    } catch {
      throw .linearAlgebra(error)
    }
  }
}

extension ComplexMatrix {
  /// diag(rows) self diag(columns).
  func scaled(rows left: [ComplexDouble], columns right: [ComplexDouble]) -> ComplexMatrix {
    ComplexMatrix(rows: rows, columns: columns) { out in
      values.withUnsafeBufferPointer { values in
        right.withUnsafeBufferPointer { right in
          for r in 0..<rows {
            let factor = left[r]
            for c in 0..<columns {
              out.initializeElement(at: r * columns + c, to: (factor * right[c]) * values[r * columns + c])
            }
          }
        }
      }
    }
  }

  func subtractedFromIdentity() -> ComplexMatrix {
    var result = mapValues { -$0 }
    for i in 0..<rows { result[i, i] += ComplexDouble(1) }
    return result
  }

  func adding(_ other: ComplexMatrix) -> ComplexMatrix {
    var sum = self
    sum.values.withUnsafeMutableBufferPointer { sum in
      other.values.withUnsafeBufferPointer { other in
        for i in sum.indices { sum[i] += other[i] }
      }
    }
    return sum
  }
}
