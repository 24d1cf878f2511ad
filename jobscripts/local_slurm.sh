#!/bin/bash
# A Slurm of two nodes on this machine, for trying the job scripts: munge, no systemd, nothing but loopback. Needs root and
# the packages slurm-wlm and munge.
#
#   bash jobscripts/local_slurm.sh start FOLDER     then: export SLURM_CONF=FOLDER/slurm.conf
#   bash jobscripts/local_slurm.sh stop FOLDER
#
# FOLDER gets keys, spools and logs; a short path (sockets have 108 characters). Exit code 77: it cannot run here, and why.
set -euo pipefail

readonly first_port=${WEIR_SLURM_PORT:-17817} cores=2
readonly nodes=(wn1 wn2)

cannot() {
  echo "local_slurm.sh: $*" >&2
  exit 77
}

find_daemons() {
  PATH=$PATH:/usr/sbin:/sbin
  [[ $(id -u) == 0 ]] || cannot "only root can make the nodes' namespaces"
  local program
  for program in munged slurmctld slurmd unshare; do
    command -v "$program" >/dev/null || cannot "$program is missing: apt-get install slurm-wlm munge"
  done
  unshare --uts --mount true 2>/dev/null || cannot "namespaces are not allowed here"
}

write_configuration() {
  local number node
  cat >"$folder/slurm.conf" <<END
ClusterName=weir
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthInfo=socket=$folder/munge.socket,cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort=$first_port
StateSaveLocation=$folder/state
SlurmctldPidFile=$folder/slurmctld.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdSpoolDir=$folder/spool/%n
SlurmdPidFile=$folder/slurmd.%n.pid
SlurmdLogFile=$folder/slurmd.%n.log
TmpFS=$folder/nodes/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=pmix
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
JobRequeue=1
KillWait=5
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
GresTypes=gpu
END
  for number in "${!nodes[@]}"; do
    node=${nodes[number]}
    mkdir -p "$folder/spool/$node" "$folder/nodes/$node"
    echo "NodeName=$node NodeHostname=$node NodeAddr=127.0.0.1 Port=$((first_port + 1 + number)) CPUs=$cores Gres=gpu:2 State=UNKNOWN"
  done >>"$folder/slurm.conf"
  # Jobs of `urgent` take the nodes of others, which are told, have a minute, and are queued again.
  echo "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=60" >>"$folder/slurm.conf"
  echo "PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2 PreemptMode=OFF" >>"$folder/slurm.conf"
  # Two devices a node that are GPUs in name only, so that gpu.sbatch finds what it asks for.
  echo "Name=gpu File=/dev/null,/dev/zero" >"$folder/gres.conf"
  # Newer ones want cgroups that they own, or to be told that there are none.
  local version
  version=$(slurmd -V | sed 's/[^0-9]*\([0-9]*\).*/\1/')
  if ((version >= 24)); then echo "CgroupPlugin=disabled" >"$folder/cgroup.conf"; fi
  # Every node, and this machine, by name.
  { cat /etc/hosts; echo "127.0.0.1 ${nodes[*]}"; } >"$folder/hosts"
}

start() {
  find_daemons
  [[ ! -e $folder/slurm.conf ]] || cannot "$folder has a cluster already: stop it first"
  mkdir -p "$folder" "$folder/state"
  chmod 755 "$folder"
  write_configuration
  (umask 077 && dd if=/dev/urandom of="$folder/munge.key" bs=128 count=1 status=none)
  munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munged.log" --seed-file="$folder/munge.seed"
  slurmctld -c -f "$folder/slurm.conf"
  # A node has a name and shared memory of its own.
  local node
  for node in "${nodes[@]}"; do
    unshare --uts --mount --propagation private sh -c \
      "hostname $node; mount --bind $folder/hosts /etc/hosts; mount -t tmpfs -o size=512m tmpfs /dev/shm; \
       exec slurmd -N $node -f $folder/slurm.conf"
  done
  export SLURM_CONF=$folder/slurm.conf
  local attempt
  for ((attempt = 0; attempt < 300; ++attempt)); do
    [[ $(sinfo -h -t idle -o %D 2>/dev/null) == "${#nodes[@]}" ]] && return
    sleep 0.1
  done
  sinfo || true
  tail -n 5 "$folder"/*.log
  stop
  echo "local_slurm.sh: the nodes did not come up" >&2
  exit 1
}

# Ends what start began, by the ids that the daemons wrote down, and waits for it.
stop() {
  export SLURM_CONF=$folder/slurm.conf
  scancel --state=RUNNING,PENDING --user=root 2>/dev/null || true
  local file process attempt
  for file in "$folder"/slurmd.*.pid "$folder/slurmctld.pid" "$folder/munged.pid"; do
    [[ -f $file ]] || continue
    process=$(<"$file")
    kill "$process" 2>/dev/null || continue
    for ((attempt = 0; attempt < 200; ++attempt)); do
      kill -0 "$process" 2>/dev/null || continue 2
      sleep 0.1
    done
    kill -9 "$process" 2>/dev/null || true
  done
  rm -f "$folder/slurm.conf"
}

folder=${2:-}
[[ $folder == /* ]] || { echo "usage: local_slurm.sh start|stop FOLDER (an absolute path)" >&2; exit 2; }
case ${1:-} in
  start) start ;;
  stop) stop ;;
  *) echo "usage: local_slurm.sh start|stop FOLDER" >&2; exit 2 ;;
esac
