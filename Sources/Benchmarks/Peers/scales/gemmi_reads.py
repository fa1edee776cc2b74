"""gemmi_reads.py FILE.cif: gemmi opens what was refined; its atoms are those of a crystal of silica, with uncertainties."""
import sys

import gemmi

block = gemmi.cif.read(sys.argv[1]).sole_block()
crystal = gemmi.make_small_structure_from_block(block)
sites = crystal.get_all_unit_cell_sites()
counts = {}
for site in sites:
    counts[site.element.name] = counts.get(site.element.name, 0) + 1
assert counts == {"Si": 3, "O": 6}, counts
assert crystal.spacegroup is not None, "no space group"
assert all(site.aniso.nonzero() for site in crystal.sites)
for name in ("x", "y", "z"):
    for text in block.find_values(f"_atom_site_fract_{name}"):
        assert 0 <= gemmi.cif.as_number(text) % 1 < 1, text
with_su = [text for text in block.find_values("_atom_site_fract_x") if "(" in text]
assert with_su, "no standard uncertainties"
silicon = next(site for site in sites if site.element.name == "Si")
near = sorted(
    crystal.cell.find_nearest_image(silicon.orth(crystal.cell), site.orth(crystal.cell)).dist()
    for site in sites
    if site.element.name == "O"
)
assert 1.5 < near[0] < 1.7, near
print(f"gemmi {gemmi.__version__} reads {crystal.spacegroup.hm}, Si-O {near[0]:.3f} A, x of Si {with_su[0]}")
