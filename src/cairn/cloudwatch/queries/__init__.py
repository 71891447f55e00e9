"""CloudWatch Logs Insights: queries of log groups, their language, and how they run and are kept."""
