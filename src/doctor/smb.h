/* SPDX-License-Identifier: MIT */
/*
 * How far one comes over SMB 2 without credentials: to a session, to IPC$, to a named pipe ([MS-SMB2] 2.2). Nothing is read
 * or written there; the connection is closed behind it. Any thread.
 */
#ifndef DOCTOR_SMB_H
#define DOCTOR_SMB_H

#include "catalog/facts.h"
#include "net/address.h"

enum smb_step { SMB_NEGOTIATE, SMB_SESSION, SMB_TREE, SMB_CREATE, SMB_STEPS };

struct smb {
	/* to be filled in */
	struct address address;
	const char *host, *pipe; /* "samr" */
	/* what came back */
	enum seen_smb_reply reply; /* of the last step */
	enum smb_step reached;     /* that one; SMB_STEPS: all went well */
	uint32_t status;           /* its NTSTATUS, when it was answered */
	bool signs_always;         /* the server requires signatures */
	uint16_t dialect;
	int64_t skew_s; /* its clock before ours */
	int connect_errno;
};

void smb_open_pipe(struct smb *, sp_nanos deadline);
const char *smb_step_name(enum smb_step); /* "negotiate", "session", "IPC$", "pipe" */

#endif
