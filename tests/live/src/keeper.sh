# Ends the programs of one cluster and removes its directory when the test is gone, however it went.
# Standard input says which programs there are: `+PID` when one starts, `-PID` when it has ended. It is closed when
# the test ends, also by a signal that leaves the test no time to clean up.
pids=
while read -r line; do
  pid=${line#?}
  case $line in
  +*) pids="$pids $pid" ;;
  -*)
    left=
    for each in $pids; do [ "$each" = "$pid" ] || left="$left $each"; done
    pids=$left
    ;;
  esac
done
if [ -n "$pids" ]; then
  kill -TERM $pids 2>/dev/null
  rounds=0
  while [ $rounds -lt 75 ] && kill -0 $pids 2>/dev/null; do
    sleep 0.2
    rounds=$((rounds + 1))
  done
  kill -KILL $pids 2>/dev/null
fi
rm -rf -- "$1"
