# One image for web, worker and speech service; the command decides which.
FROM python:3.11-slim-bookworm
WORKDIR /app
RUN useradd --create-home voicelab && mkdir /data && chown voicelab /data
COPY pyproject.toml constraints.txt requirements-nodeps.txt ./
RUN pip install --no-cache-dir -c constraints.txt . \
 && pip install --no-cache-dir --no-deps --ignore-requires-python -r requirements-nodeps.txt
COPY . .
RUN pip install --no-cache-dir --no-deps -e . && pybabel compile -q -d locale -D django
USER voicelab
ENV VOICELAB_DATA_DIR=/data OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1
# With a key named here none is made and kept in the image.
RUN SECRET_KEY=of-no-use-after-this python manage.py collectstatic --noinput
ENV PRODUCTION=on
EXPOSE 8000 8001
