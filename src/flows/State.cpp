#include "weir/flows/State.hpp"

#include <limits>

#include "flows/ExactVector.hpp"
#include "weir/base/Calls.hpp"

namespace weir {

Block parameter_block(const Communicator& comm, const std::string& name, Index count,
                      const RuleOptions& rule) {
  return {name, Partition(comm, count, parameter_chunk), 1, rule, 1, {}, Block::Kind::parameters};
}

Index next_version() {
  static Index last = 0;
  return ++last;
}

Layout::Layout(const Communicator& comm, std::vector<Block> blocks)
    : comm_(comm), blocks_(std::move(blocks)), offsets_{0} {
  WEIR_CHECK(Index(blocks_.size()) <= most_blocks, "{} blocks", blocks_.size());
  Index entries = 0;
  for (const Block& block : blocks_) {
    offsets_.push_back(offsets_.back() + block.components * block.partition.local_particles());
    entries += block.components * block.partition.particles();
  }
  if (entries > Index(std::numeric_limits<PetscInt>::max()))
    throw InputError(fmt::format(
        "the state has {} entries, and this PETSc numbers at most {}: use a PETSc built with 64-bit indices "
        "(--with-64-bit-indices; cmake/spack.yaml has it)",
        entries, std::numeric_limits<PetscInt>::max()));
}

State::State(std::shared_ptr<const Layout> layout)
    : layout_(std::move(layout)), vec_(create_exact_vector(layout_)) {}

State::~State() {
  VecDestroy(&vec_);
}

BlockViews::BlockViews(const Layout& layout, Vec vec) : layout_(layout), vec_(vec) {
  check_memory(vec_);
  WEIR_PETSC(VecGetArray(vec_, &values_));
}
BlockViews::~BlockViews() {
  Kokkos::fence();
  VecRestoreArray(vec_, &values_);
}
MatrixRef<Real> BlockViews::operator[](Index b) const {
  if (b == replaced_) return replacement_;
  return MatrixRef<Real>(values_ + layout_.local_offset(b), layout_[b].components,
                         layout_[b].partition.local_particles());
}
void BlockViews::replace(Index b, const MatrixRef<Real>& values) {
  replaced_ = b;
  replacement_ = values;
}

ConstBlockViews::ConstBlockViews(const Layout& layout, Vec vec, const std::vector<Index>* versions)
    : layout_(layout), vec_(vec), versions_(versions) {
  check_memory(vec_);
  WEIR_PETSC(VecGetArrayRead(vec_, &values_));
  if (!versions_) new_version_ = next_version();
}
ConstBlockViews::~ConstBlockViews() {
  Kokkos::fence();
  VecRestoreArrayRead(vec_, &values_);
}
MatrixRef<const Real> ConstBlockViews::operator[](Index b) const {
  if (b == replaced_) return replacement_;
  return MatrixRef<const Real>(values_ + layout_.local_offset(b), layout_[b].components,
                               layout_[b].partition.local_particles());
}
Index ConstBlockViews::version(Index b) const {
  return versions_ && b != replaced_ ? (*versions_)[std::size_t(b)] : new_version_;
}
void ConstBlockViews::replace(Index b, const MatrixRef<const Real>& values) {
  replaced_ = b;
  replacement_ = values;
  new_version_ = next_version();
}

}  // namespace weir
