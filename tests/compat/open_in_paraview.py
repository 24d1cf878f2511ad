"""ParaView opens the XDMF of runs: pvpython tests/compat/open_in_paraview.py out/NAME/snapshots.xdmf ..

Prints times, points, extent and fields of each file; 1 where a file has no times, no points or a field that does not read.
"""
import sys

from paraview.simple import XDMFReader

wrong = 0
for name in sys.argv[1:]:
    reader = XDMFReader(FileNames=[name])
    reader.UpdatePipeline()
    data = reader.GetDataInformation()
    fields = [reader.PointData.GetArray(k) for k in range(reader.PointData.GetNumberOfArrays())]
    ranges = {field.GetName(): field.GetRange() for field in fields}
    print(name, "times", list(reader.TimestepValues), "points", data.GetNumberOfPoints(), "extent", data.GetBounds(), "fields", ranges)
    wrong += not (len(reader.TimestepValues) and data.GetNumberOfPoints() and fields and all(low <= high for low, high in ranges.values()))
sys.exit(bool(wrong))
