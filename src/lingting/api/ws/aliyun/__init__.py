"""Aliyun's gateway for natural language speech, as its official clients speak it. See docs/aliyun.md."""
