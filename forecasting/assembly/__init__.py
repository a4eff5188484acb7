"""From long rows in any order to a DemandPanel, streamed and without a sort.

Two scans: the first reads only the dates (which days occur, hence frequency, span and the last complete
period), the second scatters the quantities into cells. Memory is the panel's, not the rows'.
"""
