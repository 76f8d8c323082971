/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telling systemd: the protocol of sd_notify(3), which is one datagram.
 */
#ifndef VIRGOD_NOTIFY_H
#define VIRGOD_NOTIFY_H

/* Send @state ("READY=1", "STOPPING=1") to $NOTIFY_SOCKET; without one nothing is done. */
void notify(const char *state);

#endif
