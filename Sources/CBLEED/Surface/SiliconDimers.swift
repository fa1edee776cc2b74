extension SurfaceModel {
  /// Si(001) with rows of dimers. Only the dimer moves; the layers below carry the round relaxations that
  /// a dimer row is known to cause, which are illustrative and not a fit.
  package static let siliconDimersText = """
    surface Si(001)-(2x1)
    constant a 5.4310
    constant s a/sqrt(2)
    constant q a/4
    parameter dimer_height A 0 -0.3 0.3 height of the dimer over its relaxed position
    parameter dimer_buckling A 0 -0.7 0.7 height of the left atom over the right one
    parameter dimer_length A 2.30 2.1 2.5 distance of the two atoms along the surface
    element Si 14 0.72751 1s2 2s2 2p6 3s2 3p2
    cell 2*s 0  0 s
    bulk_cell s 0  0 s
    bulk_repeat 0 0 -a
    # The dimer and the second layer are too close for plane waves between them.
    layer -q
    atom Si s/2-dimer_length/2 0 -0.24+dimer_height+dimer_buckling/2 0.012
    atom Si s/2+dimer_length/2 0 -0.24+dimer_height-dimer_buckling/2 0.012
    atom Si 0.10 s/2 -q 0.006
    atom Si s-0.10 s/2 -q 0.006
    layer -2*q
    atom Si s/2 s/2 -2*q-0.12 0.006
    atom Si 3*s/2 s/2 -2*q+0.12 0.006
    layer -3*q
    atom Si s/2 0 -3*q-0.08 0.006
    atom Si 3*s/2 0 -3*q+0.08 0.006
    bulk_layer -4*q
    atom Si 0 0 -4*q 0.006
    bulk_layer -5*q
    atom Si 0 s/2 -5*q 0.006
    bulk_layer -6*q
    atom Si s/2 s/2 -6*q 0.006
    bulk_layer -7*q
    atom Si s/2 0 -7*q 0.006
    """

  package static func siliconDimers() throws(CBLEEDError) -> SurfaceModel {
    try SurfaceModel(parsing: siliconDimersText)
  }
}
