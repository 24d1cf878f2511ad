#include "weir/output/Snapshots.hpp"

#include "weir/parallel/Counters.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "weir/base/Configuration.hpp"
#include "weir/base/Error.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"

namespace weir {

std::string Snapshots::Entry::name() const {
  return fmt::format("/snapshots/{}/{}", step, block);
}

Snapshots::Snapshots(RunOutput& output) : output_(output), path_(output.path("snapshots.h5")) {
  if (output.restart() && output.restart()->file().has("snapshots"))
    restore();
  else
    start(path_);
}

void Snapshots::start(const std::string& path) const {
  Hdf5File file(path, output_.comm().mpi(), Hdf5File::Access::create);
  file.set_attribute("/", "seed", Real(output_.run().seed));
  file.set_attribute("/", "version", WEIR_VERSION);
  file.set_attribute("/", "run", output_.run().name);
  file.set_attribute("/", "deck", "deck.yaml");
  file.set_attribute("/", "units", "those of the deck");
  file.close();
}

void Snapshots::write(Index step, Real time, const std::string& block, const Partition& partition,
                      const MatrixRef<const Real>& x) {
  const Phase phase("snapshots");
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x);
  Entry entry{step, time, block, partition.particles(), Index(x.extent(0)), 0};
  try {
    Hdf5File file = open();
    file.write_rows(entry.name(), host.data(), partition.local_particles(), partition.first_particle(),
                    entry.particles, entry.components);
    file.set_attribute(entry.name(), "time", time);
    entry.offset = file.offset(entry.name());
    close(file);
  } catch (const LibraryError& error) {
    throw RunError(fmt::format("the snapshot was not written: {}; --restart goes on from the last checkpoint",
                               error.what()));
  }
  entries_.push_back(entry);
  output_.comm().agree([&] {
    if (output_.comm().is_root()) write_xdmf();
  });
}

/// Leaves the mark that tells a restart where everything is, should the file never be closed.
Hdf5File Snapshots::open() const {
  output_.comm().agree([&] {
    if (!output_.comm().is_root()) return;
    auto places = nlohmann::json::object();
    for (const Entry& entry : entries_) places[entry.name()] = entry.offset;
    commit_text(path_ + ".open", places.dump());
  });
  return Hdf5File(path_, output_.comm().mpi(), Hdf5File::Access::read_write);
}

void Snapshots::close(Hdf5File& file) const {
  file.close();
  output_.comm().agree([&] { sync_to_disk(path_); });
  output_.comm().agree([&] {
    if (output_.comm().is_root()) std::filesystem::remove(path_ + ".open");
  });
}

void Snapshots::save(Hdf5File& file) const {
  std::vector<std::string> blocks;
  std::vector<Real> numbers;
  for (const Entry& entry : entries_) {
    blocks.push_back(entry.block);
    numbers.insert(numbers.end(),
                   {Real(entry.step), entry.time, Real(entry.particles), Real(entry.components)});
  }
  file.write_strings("snapshots/blocks", blocks);
  file.write("snapshots/numbers", numbers, {Index(blocks.size()), 4});
}

namespace {

/// Finishes what a restart that was killed began: a mark without places says that the new file is whole.
/// Returns the mark's places, null where the file was closed. Not collective.
nlohmann::json places_where_open(const std::string& source) {
  const std::string mark = source + ".open", made = source + ".part";
  if (!std::filesystem::exists(mark)) return nullptr;
  auto places = nlohmann::json::parse(std::ifstream(mark));
  if (!places.is_null()) return places;
  if (std::filesystem::exists(made)) std::filesystem::rename(made, source);
  std::filesystem::remove(mark);
  return nullptr;
}

}  // namespace

void Snapshots::restore() {
  const Hdf5File& file = output_.restart()->file();
  const auto blocks = file.read_strings("snapshots/blocks");
  const auto numbers = file.read("snapshots/numbers");
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const Real* n = &numbers[4 * i];
    entries_.push_back({Index(n[0]), n[1], blocks[i], Index(n[2]), Index(n[3]), -1});
  }
  const std::string source = output_.restart()->folder() + "/snapshots.h5";
  std::string text;
  bool own = false;
  output_.comm().agree([&] {
    if (!output_.comm().is_root()) return;
    const auto places = places_where_open(source);
    for (Entry& entry : entries_)
      if (!places.is_null()) entry.offset = places.value(entry.name(), Index(-1));
    std::error_code none;
    own = places.is_null() && std::filesystem::equivalent(source, path_, none);
    text = places.is_null() ? "" : "open";
  });
  const bool was_open = !output_.comm().broadcast(text).empty();
  for (Entry& entry : entries_) entry.offset = output_.comm().broadcast_value(entry.offset);
  if (was_open)
    output_.log(fmt::format("{} was being written when the run ended: it is made anew", source));
  else
    locate(source);
  for (const Entry& entry : entries_)
    if (entry.offset < 0)
      throw RunError(fmt::format("{} no longer holds the snapshot of step {}, which {} goes on from", source,
                                 entry.step, output_.restart()->path()));
  if (output_.comm().broadcast_value(own))
    remove_later();
  else
    rebuild(source);
  output_.comm().agree([&] {
    if (output_.comm().is_root()) write_xdmf();
  });
}

/// Where the entries are in a file that was closed.
void Snapshots::locate(const std::string& source) {
  const Hdf5File file(source, output_.comm().mpi(), Hdf5File::Access::read);
  for (Entry& entry : entries_)
    if (file.has(entry.name()) &&
        file.shape(entry.name()) == std::vector<Index>{entry.particles, entry.components})
      entry.offset = file.offset(entry.name());
}

/// Snapshots of steps after the checkpoint's.
void Snapshots::remove_later() {
  Hdf5File file = open();
  const auto known = [&](const std::string& name) {
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.name() == name; });
  };
  const std::string top = "/snapshots";
  for (const auto& step : file.has(top) ? file.members(top) : std::vector<std::string>()) {
    const std::string group = top + "/" + step;
    for (const auto& block : file.members(group))
      if (!known(group + "/" + block)) file.remove(group + "/" + block);
    if (file.members(group).empty()) file.remove(group);
  }
  close(file);
}

/// A new file of the numbers that `source` holds, whatever state its own tables of contents are in.
void Snapshots::rebuild(const std::string& source) {
  const Communicator& comm = output_.comm();
  const std::string made = path_ + ".part";
  start(made);
  {
    Hdf5File file(made, comm.mpi(), Hdf5File::Access::read_write);
    for (Entry& entry : entries_) {
      const Index first = entry.particles * comm.rank() / comm.size(),
                  last = entry.particles * (comm.rank() + 1) / comm.size();
      std::vector<Real> values(std::size_t((last - first) * entry.components));
      comm.agree([&] {
        std::ifstream from(source, std::ios::binary);
        from.seekg(entry.offset + first * entry.components * Index(sizeof(Real)));
        from.read(reinterpret_cast<char*>(values.data()), std::streamsize(values.size() * sizeof(Real)));
        if (!from) throw RunError(fmt::format("cannot read {}", source));
      });
      file.write_rows(entry.name(), values.data(), last - first, first, entry.particles, entry.components);
      file.set_attribute(entry.name(), "time", entry.time);
      entry.offset = file.offset(entry.name());
    }
    file.close();
  }
  comm.agree([&] { sync_to_disk(made); });
  comm.agree([&] {
    if (!comm.is_root()) return;
    commit_text(path_ + ".open", "null");  // from here on the new file counts
    std::filesystem::rename(made, path_);
    std::filesystem::remove(path_ + ".open");
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

/// Every component as a field of its own, which readers colour by; where there are very many, one table.
std::string fields(const std::string& source, Index particles, Index components) {
  constexpr Index most_fields = 64;
  const auto whole = fmt::format(
      "<DataItem Dimensions=\"{} {}\" NumberType=\"Float\" Precision=\"8\" Format=\"HDF\">{}</DataItem>",
      particles, components, source);
  if (components > most_fields)
    return "<Attribute Name=\"x\" AttributeType=\"Matrix\" Center=\"Node\">" + whole + "</Attribute>";
  std::string text;
  for (Index c = 0; c < components; ++c)
    text += fmt::format(
        "<Attribute Name=\"x{0}\" AttributeType=\"Scalar\" Center=\"Node\"><DataItem ItemType=\"HyperSlab\" "
        "Dimensions=\"{1} 1\" Type=\"HyperSlab\"><DataItem Dimensions=\"3 2\" Format=\"XML\">0 {0} 1 1 {1} 1"
        "</DataItem>{2}</DataItem></Attribute>",
        c, particles, whole);
  return text;
}

}  // namespace

std::string Snapshots::grid(const Entry& entry, const std::string& time) {
  const std::string source = fmt::format("snapshots.h5:/snapshots/{}/{}", entry.step, entry.block);
  return fmt::format(
      "<Grid Name=\"{}\">{}<Topology TopologyType=\"Polyvertex\" NumberOfElements=\"{}\"/>{}{}</Grid>\n",
      entry.block, time, entry.particles, geometry(source, entry.particles, entry.components),
      fields(source, entry.particles, entry.components));
}

void Snapshots::write_xdmf() const {
  const std::string path = output_.path("snapshots.xdmf");
  std::ofstream file(path, std::ios::trunc);
  file << "<?xml version=\"1.0\"?>\n<Xdmf Version=\"3.0\"><Domain>\n"
          "<Grid Name=\"snapshots\" GridType=\"Collection\" CollectionType=\"Temporal\">\n";
  // Readers want every time step to be of one kind: where there are several blocks, a collection of them.
  std::vector<Entry> entries;  // numbers of rows are no places
  std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(entries),
               [](const Entry& entry) { return entry.block != "row"; });
  const bool several = std::any_of(entries.begin(), entries.end(),
                                   [&](const Entry& entry) { return entry.block != entries[0].block; });
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    const bool first = i == 0 || entries[i - 1].step != entry.step,
               last = i + 1 == entries.size() || entries[i + 1].step != entry.step;
    const std::string time = fmt::format("<Time Value=\"{}\"/>", entry.time);
    if (several && first)
      file << "<Grid Name=\"blocks\" GridType=\"Collection\" CollectionType=\"Spatial\">" << time << "\n";
    file << grid(entry, several ? "" : time);
    if (several && last) file << "</Grid>\n";
  }
  file << "</Grid>\n</Domain></Xdmf>\n";
  file.close();
  if (!file) throw RunError(fmt::format("cannot write {}", path));
}

}  // namespace weir
