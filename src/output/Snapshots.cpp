#include "weir/output/Snapshots.hpp"

#include <fstream>

#include "weir/base/Configuration.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Hdf5File.hpp"

namespace weir {

Snapshots::Snapshots(const RunOutput& output) : output_(output), path_(output.path("snapshots.h5")) {
  Hdf5File file(path_, output.comm().mpi(), Hdf5File::Access::create);
  file.set_attribute("/", "seed", Real(output.run().seed));
  file.set_attribute("/", "version", WEIR_VERSION);
  file.set_attribute("/", "run", output.run().name);
  file.set_attribute("/", "units", "those of the deck");
}

void Snapshots::write(Index step, Real time, const std::string& block, const Partition& partition,
                      const MatrixRef<const Real>& x) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x);
  const Index components = Index(x.extent(0));
  const std::string name = fmt::format("/snapshots/{}/{}", step, block);
  {
    Hdf5File file(path_, output_.comm().mpi(), Hdf5File::Access::read_write);
    file.write_rows(name, host.data(), partition.local_particles(), partition.first_particle(),
                    partition.particles(), components);
    file.set_attribute(name, "time", time);
  }
  entries_.push_back({step, time, block, partition.particles(), components});
  output_.comm().agree([&] {
    if (output_.comm().is_root()) write_xdmf();
  });
}

namespace {

/// The first three components as coordinates; ParaView wants two or three, so one is joined by a zero.
std::string geometry(const std::string& source, Index particles, Index components) {
  const auto whole = fmt::format(
      "<DataItem Dimensions=\"{} {}\" NumberType=\"Float\" Precision=\"8\" Format=\"HDF\">{}</DataItem>",
      particles, components, source);
  if (components == 2) return "<Geometry GeometryType=\"XY\">" + whole + "</Geometry>";
  if (components == 3) return "<Geometry GeometryType=\"XYZ\">" + whole + "</Geometry>";
  if (components == 1)
    return fmt::format(
        "<Geometry GeometryType=\"XY\"><DataItem ItemType=\"Function\" Function=\"JOIN($0, 0 * $0)\" "
        "Dimensions=\"{} 2\">{}</DataItem></Geometry>",
        particles, whole);
  return fmt::format(
      "<Geometry GeometryType=\"XYZ\"><DataItem ItemType=\"HyperSlab\" Dimensions=\"{0} 3\" "
      "Type=\"HyperSlab\">"
      "<DataItem Dimensions=\"3 2\" Format=\"XML\">0 0 1 1 {0} 3</DataItem>{1}</DataItem></Geometry>",
      particles, whole);
}

}  // namespace

void Snapshots::write_xdmf() const {
  const std::string path = output_.path("snapshots.xdmf");
  std::ofstream file(path, std::ios::trunc);
  file << "<?xml version=\"1.0\"?>\n<Xdmf Version=\"3.0\"><Domain>\n"
          "<Grid Name=\"snapshots\" GridType=\"Collection\" CollectionType=\"Temporal\">\n";
  for (const Entry& entry : entries_) {
    const std::string source = fmt::format("snapshots.h5:/snapshots/{}/{}", entry.step, entry.block);
    file << fmt::format(
        "<Grid Name=\"{}\"><Time Value=\"{}\"/><Topology TopologyType=\"Polyvertex\" "
        "NumberOfElements=\"{}\"/>{}",
        entry.block, entry.time, entry.particles, geometry(source, entry.particles, entry.components));
    file << fmt::format(
        "<Attribute Name=\"x\" AttributeType=\"Matrix\" Center=\"Node\"><DataItem Dimensions=\"{} {}\" "
        "NumberType=\"Float\" "
        "Precision=\"8\" Format=\"HDF\">{}</DataItem></Attribute></Grid>\n",
        entry.particles, entry.components, source);
  }
  file << "</Grid>\n</Domain></Xdmf>\n";
  file.close();
  if (!file) throw RunError(fmt::format("cannot write {}", path));
}

}  // namespace weir
