"""The query language of CloudWatch Logs Insights: read, compiled and run over rows. Pure: no disk, no clock."""
