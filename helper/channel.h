/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conversation with the node: whole messages in and out, over the device or a socket, without
 * ever waiting. At most one message waits to be sent: who wants to send asks first whether there is
 * room.
 */
#ifndef HELPER_CHANNEL_H
#define HELPER_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "uapi/virgo.h"

/* Called for each message: proto_head() is content with it. */
typedef void channel_message_fn(const struct virgo_msg *head, const void *msg);
/* Called once: the conversation is over; why is NULL if the node ended it, as it may. */
typedef void channel_over_fn(const char *why);

/* Take over fd, which is a socket or the device, and say HELLO. 0, or -1 with errno. */
int channel_open(int fd, channel_message_fn *message, channel_over_fn *over);
/* Open the device and become its helper. A descriptor, or -1 with errno. */
int channel_open_device(const char *path);

/* May a message be sent now? It may not after the end either. */
bool channel_ready(void);
bool channel_is_open(void);
/* Where VIRGO_MSG_DATA bytes of the next message can be put. Only when ready. */
void *channel_room(void);
/* Send what was put there, n bytes of it, behind a head. Only when ready. */
void channel_send(uint16_t type, uint16_t flags, uint64_t run, size_t n);

/* Listen no more; what was sent before is still delivered. */
void channel_mute(void);
void channel_close(void);

#endif
