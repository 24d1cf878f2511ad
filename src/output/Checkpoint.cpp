#include "weir/output/Checkpoint.hpp"

#include <algorithm>
#include <filesystem>
#include <regex>
#include <sstream>
#include <tuple>

#include "weir/base/Error.hpp"
#include "weir/output/CommittedFile.hpp"

namespace weir {

namespace {

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

}  // namespace

std::string to_text(const Standing& standing) {
  const auto& [step, time] = standing.tick;
  if (standing.counts_pieces()) return fmt::format("piece {} of stage {}", step, standing.stage);
  return fmt::format("step {}, time {:g}", step, time);
}

Checkpoint::Checkpoint(const Communicator& comm, const std::string& path) : path_(path) {
  check_committed(comm, path);
  try {
    file_ = std::make_unique<Hdf5File>(path, comm.mpi(), Hdf5File::Access::read);
    const auto number = [&](const char* name) { return file_->attribute("/", name); };
    if (number("checkpoint") != checkpoint_layout)
      throw RunError("this version of Weir does not know its layout");
    standing_ = {int(number("stage")), {Index(number("step")), number("time")}, number("next_step")};
    seconds_ = number("seconds");
    version_ = file_->text_attribute("/", "version");
    deck_ = joined_lines(file_->read_strings("deck"));
    metrics_length_ = Index(number("metrics_length"));
  } catch (const LibraryError& error) {
    throw RunError(error.what());
  }
  check_metrics(comm);
}

std::string Checkpoint::folder() const {
  const auto parent = std::filesystem::path(path_).parent_path().string();
  return parent.empty() ? "." : parent;
}

void Checkpoint::check_metrics(const Communicator& comm) const {
  const Real expected = file_->attribute("/", "metrics_checksum");
  comm.agree([&] {
    if (!comm.is_root() || metrics_length_ == 0) return;
    const std::string table = folder() + "/metrics.csv";
    if (Real(checksum_of_start(table, metrics_length_)) != expected)
      throw RunError(fmt::format("{} is not the table that it continues", table));
  });
}

void Checkpoint::read(const std::string& group, State& state) const {
  const Layout& layout = state.layout();
  const BlockViews blocks(layout, state.vec());
  for (Index b = 0; b < layout.blocks(); ++b) {
    if (layout[b].components == 0) continue;
    read_particles(*file_, fmt::format("/{}/{}", group, layout[b].name), layout[b].partition, blocks[b]);
  }
}

void write_state(Hdf5File& file, const std::string& group, State& state) {
  const Layout& layout = state.layout();
  const ConstBlockViews blocks(layout, state.vec());
  for (Index b = 0; b < layout.blocks(); ++b) {
    if (layout[b].components == 0) continue;
    write_particles(file, fmt::format("/{}/{}", group, layout[b].name), layout[b].partition, blocks[b]);
  }
}

void write_particles(Hdf5File& file, const std::string& name, const Partition& partition,
                     const MatrixRef<const Real>& values) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), values);
  file.write_rows(name, host.data(), partition.local_particles(), partition.first_particle(),
                  partition.particles(), Index(values.extent(0)));
}

void read_particles(const Hdf5File& file, const std::string& name, const Partition& partition,
                    const MatrixRef<Real>& values) {
  const std::vector<Index> expected{partition.particles(), Index(values.extent(0))};
  if (!file.has(name) || file.shape(name) != expected)
    throw RunError(
        fmt::format("{} has no {} of {} x {} numbers", file.path(), name, expected[0], expected[1]));
  const auto host = Kokkos::create_mirror_view(values);
  file.read_rows(name, host.data(), partition.local_particles(), partition.first_particle());
  Kokkos::deep_copy(values, host);
}

std::string checkpoint_name(const Standing& standing) {
  if (standing.stage == 0) return fmt::format("checkpoint-{}.h5", standing.tick.step);
  return fmt::format("checkpoint-{}-{}.h5", standing.stage, standing.tick.step);
}

std::vector<std::string> checkpoints_in(const std::string& folder) {
  static const std::regex pattern("checkpoint-(?:([0-9]{1,9})-)?([0-9]{1,18})\\.h5");
  std::vector<std::tuple<Index, Index, std::string>> found;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    const std::string name = entry.path().filename().string();
    std::smatch parts;
    if (std::regex_match(name, parts, pattern))
      found.emplace_back(parts[1].matched ? std::stoll(parts[1]) : 0, std::stoll(parts[2]),
                         entry.path().string());
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::string> names;
  for (auto& [stage, step, path] : found) names.push_back(std::move(path));
  return names;
}

std::unique_ptr<Checkpoint> find_checkpoint(const Communicator& comm, const std::string& folder,
                                            const std::string& file, std::vector<std::string>& remarks) {
  std::vector<std::string> candidates{file};
  if (file.empty()) {
    std::string found;
    if (comm.is_root())
      for (const auto& name : checkpoints_in(folder)) found += name + "\n";
    candidates.clear();
    std::istringstream names(comm.broadcast(found));
    for (std::string name; std::getline(names, name);) candidates.push_back(name);
  }
  for (const auto& candidate : candidates) {
    try {
      return std::make_unique<Checkpoint>(comm, candidate);
    } catch (const RunError& error) {
      remarks.push_back(fmt::format("{} cannot be used: {}", candidate, error.what()));
    }
  }
  if (candidates.empty()) return nullptr;
  std::string text;
  for (const auto& remark : remarks) text += remark + "\n";
  throw InputError(text + "no checkpoint is left; without --restart the run starts from the beginning");
}

}  // namespace weir
