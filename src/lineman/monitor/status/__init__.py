"""The status page: what history and the running monitor know, as one page; its export, and the badge.

Nothing here shows what a record of the target holds, and no address or secret of a notice.
"""
