#!/bin/sh
# Stand-in for bin/standalone.sh of WildFly, as far as role wildfly sees it: JBOSS_HOME, JAVA_OPTS, JBOSS_MODULEPATH and
# LAUNCH_JBOSS_IN_BACKGROUND mean what they mean there, signals are passed on, Java is called as it would be.
DIRNAME=$(dirname "$0")
RESOLVED=$(cd "$DIRNAME/.." && pwd)
JBOSS_HOME=${JBOSS_HOME:-$RESOLVED}
[ "$JBOSS_HOME" = "$RESOLVED" ] || echo "WARNING: JBOSS_HOME may be pointing to a different installation"
export JBOSS_HOME JBOSS_MODULEPATH="${JBOSS_MODULEPATH:-$JBOSS_HOME/modules}"
eval "java $JAVA_OPTS -version" >/dev/null 2>&1 || { echo "the JVM does not start"; exit 1; }
[ -n "$LAUNCH_JBOSS_IN_BACKGROUND" ] || exec python3 "$JBOSS_HOME/bin/stand_in.py" "$@"
python3 "$JBOSS_HOME/bin/stand_in.py" "$@" &
JBOSS_PID=$!
trap 'kill -TERM $JBOSS_PID' TERM INT
STATUS=128
while [ "$STATUS" -ge 128 ]; do
  wait $JBOSS_PID
  STATUS=$?
done
[ "$STATUS" -lt 127 ] || STATUS=0
exit "$STATUS"
