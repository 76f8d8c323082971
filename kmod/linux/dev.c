// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /dev/virgo, a misc device: who may open it is the device node's mode and group. What arrives is
 * handed on; nothing is decided here. An open file keeps the module from being unloaded.
 */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "uapi/virgo.h"
#include "dev.h"
#include "calls.h"

static int dev_open(struct inode *inode, struct file *file)
{
	struct virgo_file *vf = kzalloc(sizeof(*vf), GFP_KERNEL_ACCOUNT);

	if (!vf)
		return -ENOMEM;
	mutex_init(&vf->lock);
	file->private_data = vf;
	return stream_open(inode, file);
}

static int dev_release(struct inode *inode, struct file *file)
{
	struct virgo_file *vf = file->private_data;

	if (vf->helper)
		virgo_helper_detach(vf->helper);
	virgo_stream_drop(vf);
	mutex_destroy(&vf->lock);
	kfree(vf);
	return 0;
}

static struct host_helper *helper_of(struct virgo_file *vf)
{
	/* pairs with the release in become_helper() */
	return smp_load_acquire(&vf->helper);
}

static ssize_t dev_read(struct file *file, char __user *to, size_t n, loff_t *pos)
{
	struct host_helper *h = helper_of(file->private_data);

	if (!h)
		return virgo_stream_read(file->private_data, to, n);
	return virgo_helper_read(h, to, n, !(file->f_flags & O_NONBLOCK));
}

static ssize_t dev_write(struct file *file, const char __user *from, size_t n, loff_t *pos)
{
	struct host_helper *h = helper_of(file->private_data);

	return h ? virgo_helper_write(h, from, n) : -EINVAL;
}

static __poll_t dev_poll(struct file *file, poll_table *wait)
{
	struct host_helper *h = helper_of(file->private_data);

	/* an answer is waited for in read() */
	return h ? virgo_helper_poll(h, file, wait) : EPOLLIN | EPOLLRDNORM;
}

static int become_helper(struct virgo_file *vf, const u32 __user *arg)
{
	u32 abi;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (get_user(abi, arg))
		return -EFAULT;
	mutex_lock(&vf->lock);
	ret = vf->helper || vf->stream ? -EINVAL : virgo_helper_attach(vf, abi);
	mutex_unlock(&vf->lock);
	return ret;
}

static int cancel_calls(struct virgo_file *vf, const u32 __user *arg)
{
	u32 on;

	if (get_user(on, arg))
		return -EFAULT;
	if (on > 1)
		return -EINVAL;
	WRITE_ONCE(vf->cancelled, on);
	return 0;
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *p = (void __user *)arg;

	if (!(file->f_mode & FMODE_READ) || !(file->f_mode & FMODE_WRITE))
		return -EBADF;
	switch (cmd) {
	case VIRGO_IOC_HELPER:
		return become_helper(file->private_data, p);
	case VIRGO_IOC_CALL:
		return virgo_ioctl_call(file->private_data, p);
	case VIRGO_IOC_NODES:
		return virgo_ioctl_nodes(p);
	case VIRGO_IOC_CANCEL:
		return cancel_calls(file->private_data, p);
	case VIRGO_IOC_MALLOC:
		return virgo_ioctl_malloc(file->private_data, p);
	case VIRGO_IOC_SET:
	case VIRGO_IOC_GET:
	case VIRGO_IOC_FREE:
		return virgo_ioctl_block(file->private_data, cmd, p);
	case VIRGO_IOC_CLONE:
		return virgo_ioctl_clone(file->private_data, p);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.read = dev_read,
	.write = dev_write,
	.poll = dev_poll,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "virgo",
	.fops = &dev_fops,
	.mode = 0660,
};

int virgo_dev_init(void)
{
	return misc_register(&dev);
}

void virgo_dev_exit(void)
{
	misc_deregister(&dev);
}
