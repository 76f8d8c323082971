/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets that systemd opened for us: taken over where their address is one a service listens on.
 */
#ifndef VIRGOD_LISTEN_H
#define VIRGOD_LISTEN_H

/* Read LISTEN_PID and LISTEN_FDS, once, before any node starts. */
void listen_inherit(void);

#endif
